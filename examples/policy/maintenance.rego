# Restarts of Backstage instances wait for the maintenance window: data.window.open.
#
# input is a plan as `terraform show -json` prints it.
package orbit.maintenance

deny contains message if {
	not data.window.open
	some restart in restarts
	message := sprintf("%s: %s, and it is not in the maintenance window", [restart.address, restart.why])
}

# A planned change says itself what it costs. What does not change keeps what its last change cost, so actions come first.
restarts contains {"address": change.address, "why": why} if {
	some change in input.resource_changes
	changes_something(change)
	change.change.after.change_impact in {"restart", "upgrade"}
	paths := [reason.path | some reason in change.change.after.change_reasons; reason.impact in {"restart", "upgrade"}]
	why := sprintf("it costs %s for %s", [change.change.after.change_impact, concat(", ", paths)])
}

restarts contains {"address": change.address, "why": "what it costs is known only after apply"} if {
	some change in input.resource_changes
	changes_something(change)
	change.change.after_unknown.change_impact
	change.change.after_unknown.restart_revision # known: it may be nothing, and restarts nothing
}

restarts contains {"address": change.address, "why": "removing a plugin costs a restart"} if {
	some change in input.resource_changes
	change.type == "orbit_backstage_plugin"
	"delete" in change.change.actions
	not instance(change.change.before.workspace, "delete")
}

changes_something(change) if {
	change.type == "orbit_backstage_instance"
	"update" in change.change.actions
}

changes_something(change) if {
	change.type == "orbit_backstage_plugin"
	"update" in change.change.actions
}

# A plugin that comes with its instance interrupts nobody.
changes_something(change) if {
	change.type == "orbit_backstage_plugin"
	"create" in change.change.actions
	not instance(change.change.after.workspace, "create")
}

# instance says whether the plan creates or deletes the instance of a workspace.
instance(workspace, "create") if {
	some other in input.resource_changes
	other.type == "orbit_backstage_instance"
	"create" in other.change.actions
	other.change.after.workspace == workspace
}

instance(workspace, "delete") if {
	some other in input.resource_changes
	other.type == "orbit_backstage_instance"
	"delete" in other.change.actions
	other.change.before.workspace == workspace
}

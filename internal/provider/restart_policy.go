package provider

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// releasesPending says whether a change lets the restart happen that stored changes wait for.
func releasesPending(before, after orbit.RestartPolicy, pending bool) bool {
	return pending && !before.Automatic() && after.Automatic()
}

// releasing adds to a decision what releasing the stored changes costs. Nobody who knows one resource alone can say more
// of them than that they need a restart.
func releasing(decision changeplan.Decision) changeplan.Decision {
	return changeplan.Decision{
		Impact: orbit.MaxImpact(decision.Impact, orbit.ImpactRestart),
		Reasons: append(slices.Clone(decision.Reasons), orbit.Reason{
			Path: "restart_policy", Impact: orbit.ImpactRestart,
			Because: "stored changes wait for a restart, and auto rolls them out",
		}),
	}
}

// joinReasons are the first reasons and those of the others that are new.
func joinReasons(first, others []orbit.Reason) []orbit.Reason {
	joined := slices.Clone(first)
	for _, reason := range others {
		if !slices.Contains(joined, reason) {
			joined = append(joined, reason)
		}
	}
	return joined
}

// obey plans what the planned policy makes of a decision: under auto a restart counts, else nothing restarts. Whether
// something waits for a restart afterwards is known unless the change can move it.
func (m *instanceModel) obey(decision changeplan.Decision, prior *instanceModel) {
	policy, pending := orbit.RestartPolicy(m.RestartPolicy.ValueString()), prior.PendingRestart.ValueBool()
	m.PendingRestart = types.BoolValue(pending)
	if decision.Impact.Interrupts() && (pending || !policy.Automatic()) {
		m.PendingRestart = types.BoolUnknown()
	}
	if !policy.Automatic() {
		m.RestartRevision = types.Int64Value(prior.RestartRevision.ValueInt64())
	}
}

// settlePending makes known whether a restart is waited for after the write. The verdict is nil where nobody waited for it.
func (m *instanceModel) settlePending(verdict *orbit.Change) {
	switch {
	case !m.PendingRestart.IsUnknown():
	case verdict != nil:
		m.PendingRestart = types.BoolValue(verdict.PendingRestart)
	default:
		manual := m.RestartPolicy.ValueString() == string(orbit.RestartManual)
		m.PendingRestart = types.BoolValue(manual && m.maxImpact().Interrupts())
	}
}

const inWindow = "restart_policy = var.in_window ? \"auto\" : \"forbid\""

func forbiddenSummary(workspace string) string {
	return "Instance " + workspace + " must not be restarted"
}

// refuseRestart fails the plan of an instance whose planned policy forbids what the plan costs.
func refuseRestart(workspace string, decision changeplan.Decision, diags *diag.Diagnostics) {
	diags.AddAttributeError(path.Root("restart_policy"), forbiddenSummary(workspace), joinParagraphs(
		"The plan costs "+withArticle(decision.Impact)+", and restart_policy is forbid:", describeReasons(interrupting(decision.Reasons)),
		allowRestart(true)))
}

// interrupting are the reasons that cost a restart or an upgrade.
func interrupting(reasons []orbit.Reason) []orbit.Reason {
	return slices.DeleteFunc(slices.Clone(reasons), func(r orbit.Reason) bool { return !r.Impact.Interrupts() })
}

// warnOfPluginsToCome says ahead of the apply what a new instance's policy forbids plugins of their own.
func warnOfPluginsToCome(workspace string, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("restart_policy"), "Instance "+workspace+" takes no plugins after its first boot",
		"restart_policy is forbid, so an orbit_backstage_plugin of it cannot be added until restart_policy is auto or manual; "+
			"plugins in its `plugins` map come with the first boot.")
}

// fixFirst is the way out where an instance rolls out what waits, and the stored configuration of a plugin that is
// declared elsewhere does not boot: its fix would only be applied after the instance.
func (m *instanceModel) fixFirst(prior *instanceModel, problem *orbit.Problem) string {
	_, own := m.Plugins.Elements()[problem.Plugin]
	if problem.Plugin == "" || own || !prior.PendingRestart.ValueBool() {
		return ""
	}
	return "Plugin " + problem.Plugin + "'s stored configuration does not boot. Apply its fix first with restart_policy still " +
		"manual, then set auto."
}

func withArticle(impact orbit.Impact) string {
	if impact == orbit.ImpactUpgrade {
		return "an upgrade"
	}
	return "a " + string(impact)
}

// partition takes the restarts that orbitd forbids out of what it found.
func partition(findings []orbit.Diagnostic) (forbidden, others []orbit.Diagnostic) {
	for _, finding := range findings {
		if finding.Code == orbit.CodeRestartForbidden {
			forbidden = append(forbidden, finding)
		} else {
			others = append(others, finding)
		}
	}
	return forbidden, others
}

// reportForbidden shows in one error the restarts that orbitd forbids, and what to do about them.
func reportForbidden(workspace string, forbidden []orbit.Diagnostic, own bool, diags *diag.Diagnostics) {
	lines := make([]string, len(forbidden))
	for i, finding := range forbidden {
		lines[i] = "- " + finding.String()
	}
	detail := joinParagraphs(strings.Join(lines, "\n"), allowRestart(own))
	switch {
	case len(forbidden) == 0:
	case own:
		diags.AddAttributeError(path.Root("restart_policy"), forbiddenSummary(workspace), detail)
	default:
		diags.AddError(forbiddenSummary(workspace), detail)
	}
}

// allowRestart is the way out where a policy forbids a restart: one's own, or the one that is stored.
func allowRestart(own bool) string {
	if own {
		return "Apply it in a maintenance window, with restart_policy = \"auto\", or store it for a later restart with \"manual\". " +
			"For example: " + inWindow + "."
	}
	return "A plugin obeys the restart_policy that is stored for its instance. So in a maintenance window first apply the " +
		"instance with restart_policy = \"auto\", or \"manual\" to store changes for a later restart, in an apply of its own: " +
		"terraform apply -target=<the orbit_backstage_instance>."
}

// byStoredPolicy says which policy a plan of a plugin goes by, where its instance's goes by the planned one.
const byStoredPolicy = "That is by the restart_policy that is stored now"

// warnOfCost says what a planned change that costs a restart leads to: that, or that it is stored for a later one. The
// summary is the same for an instance and its plugins, so that Terraform shows one warning for each instance.
func warnOfCost(workspace string, stored bool, impact orbit.Impact, why string, diags *diag.Diagnostics) {
	if impact == orbit.ImpactUpgrade {
		why = joinParagraphs("It is an upgrade: requests wait while the process is replaced and the database is copied.", why)
	}
	if stored {
		diags.AddWarning("Instance "+workspace+" will wait for a restart", joinParagraphs(why, waits(workspace)))
		return
	}
	diags.AddWarning("Instance "+workspace+" will be restarted", why)
}

// warnOfWaiting says after an apply what of the change was stored. That is all of it where nothing of it costs a restart,
// but what it brings needs something that waits for one.
func warnOfWaiting(change *orbit.Change, diags *diag.Diagnostics) {
	if change == nil || !change.PendingRestart {
		return
	}
	stored, reasons := "the change is stored", change.Reasons
	if causes := interrupting(reasons); len(causes) > 0 {
		stored, reasons = "what costs a restart is stored", causes
	}
	diags.AddWarning("Instance "+change.Workspace+" waits for a restart", joinParagraphs(
		"Change of "+subjectOf(change)+": "+stored+" and does not run yet.", describeReasons(reasons), waits(change.Workspace)))
}

func waits(workspace string) string {
	return "restart_policy is manual, so the change is stored and waits for a restart. To roll it out, ask for one with the action " +
		"orbit_backstage_instance_restart or POST /v1/instances/" + workspace + "/restart, or apply restart_policy = \"auto\"."
}

output "workspace" {
  description = "The workspace. What refers to this output is made after the instance."
  value       = orbit_backstage_instance.this.workspace
}

output "url" {
  description = "Where people open the instance."
  value       = orbit_backstage_instance.this.url
}

output "api_url" {
  description = "Base of the instance's backend API."
  value       = orbit_backstage_instance.this.api_url
}

output "database_name" {
  description = "The instance's own PostgreSQL database. It is another one when the instance is made anew."
  value       = orbit_backstage_instance.this.database_name
}

output "change_impact" {
  description = "What the last planned change of the instance costs: none, live, restart or upgrade."
  value       = orbit_backstage_instance.this.change_impact
}

output "change_reasons" {
  description = "Why it costs that, one entry for each path."
  value       = orbit_backstage_instance.this.change_reasons
}

output "restart_revision" {
  description = "Counts the restarts that changes of the instance brought about. Unknown in a plan that may restart it."
  value       = orbit_backstage_instance.this.restart_revision
}

output "pending_restart" {
  description = "Whether stored changes wait for a restart, under restart_policy manual."
  value       = orbit_backstage_instance.this.pending_restart
}

output "resolved_versions" {
  description = "The exact versions of the plugins, by package: what their ranges mean."
  value       = { for package, plugin in coalesce(orbit_backstage_instance.this.plugins, {}) : package => plugin.resolved_version }
}

output "labels_all" {
  description = "The labels that the instance has: the provider's default_labels and labels."
  value       = orbit_backstage_instance.this.labels_all
}

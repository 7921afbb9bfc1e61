data "orbit_backstage_release" "newest" {}

output "catalog" {
  description = "The version of the catalog that instances of the newest release run."
  value       = data.orbit_backstage_release.newest.packages["@backstage/plugin-catalog-backend"]
}

output "built_in" {
  description = "What every instance has without a plugin of its own."
  value       = data.orbit_backstage_release.newest.features
}

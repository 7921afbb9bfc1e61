data "orbit_backstage_releases" "carried" {}

output "newest" {
  value = data.orbit_backstage_releases.carried.default
}

output "with_node_24" {
  description = "The releases that run on Node.js 24."
  value       = [for release in data.orbit_backstage_releases.carried.releases : release.version if startswith(release.node, "24.")]
}

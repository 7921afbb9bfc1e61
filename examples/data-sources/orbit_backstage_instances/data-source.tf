data "orbit_backstage_instances" "payments" {
  labels = { team = "payments" }
}

output "urls" {
  value = { for instance in data.orbit_backstage_instances.payments.instances : instance.workspace => instance.url }
}

# Every one of them gets the team's catalog.
resource "orbit_backstage_catalog_location" "shared" {
  for_each = toset(data.orbit_backstage_instances.payments.workspaces)

  workspace = each.key
  target    = "https://github.com/acme/catalog/blob/main/payments.yaml"
}

data "orbit_backstage_instances" "all" {}

output "waiting_for_a_restart" {
  value = [for instance in data.orbit_backstage_instances.all.instances : instance.workspace if instance.pending_restart]
}

resource "orbit_backstage_catalog_location" "payments" {
  workspace = "acme"
  target    = "https://github.com/acme/payments/blob/main/catalog-info.yaml"
}

# Beside its instance, the location refers to it: it is registered after the first boot, and again when that is replaced.
resource "orbit_backstage_instance" "beta" {
  workspace = "beta"
  config    = yamlencode({ catalog = { rules = [{ allow = ["Component", "API", "System"] }] } })
}

resource "orbit_backstage_catalog_location" "services" {
  for_each = toset(["ledger", "audit"])

  workspace = orbit_backstage_instance.beta.workspace
  target    = "https://github.com/acme/${each.key}/blob/main/catalog-info.yaml"

  lifecycle {
    replace_triggered_by = [orbit_backstage_instance.beta.database_name]
  }
}

output "entities" {
  description = "What the last refresh saw in the catalog; the catalog goes on reading the targets."
  value       = flatten([for location in orbit_backstage_catalog_location.services : location.entities])
}

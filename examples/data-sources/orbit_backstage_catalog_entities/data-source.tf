data "orbit_backstage_catalog_entities" "services" {
  workspace = "acme"

  # Services of production, and all APIs.
  filters = ["kind=component,spec.type=service,spec.lifecycle=production", "kind=api"]
  fields  = ["spec.owner"]
}

output "owners" {
  value = {
    for entity in data.orbit_backstage_catalog_entities.services.entities : entity.ref => try(jsondecode(entity.json).spec.owner, null)
  }
}

resource "orbit_backstage_instance" "acme" {
  workspace = "acme"
  config = yamlencode({
    catalog = { locations = [{ type = "url", target = "https://git.example.com/acme/catalog/blob/main/all.yaml" }] }
  })

  # Whenever the instance changed, its catalog reads again what the teams have declared.
  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.orbit_backstage_catalog_refresh.acme]
    }
  }
}

# By hand: terraform apply -invoke=action.orbit_backstage_catalog_refresh.acme
action "orbit_backstage_catalog_refresh" "acme" {
  config {
    workspace   = "acme"
    entity_refs = ["component:default/payments"]
    filters     = ["kind=system", "kind=component,spec.type=service"]
  }
}

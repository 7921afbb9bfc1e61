import {
  to = orbit_backstage_catalog_location.payments
  identity = {
    workspace = "acme"
    target    = "https://github.com/acme/payments/blob/main/catalog-info.yaml"
  }
}

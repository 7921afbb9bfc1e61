import {
  to = orbit_backstage_catalog_location.payments
  id = "acme/https://github.com/acme/payments/blob/main/catalog-info.yaml"
}

# The id is the workspace, a slash and the target.
terraform import orbit_backstage_catalog_location.payments acme/https://github.com/acme/payments/blob/main/catalog-info.yaml

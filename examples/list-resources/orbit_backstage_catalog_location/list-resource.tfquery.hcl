# locations.tfquery.hcl: terraform query -generate-config-out=locations.tf
list "orbit_backstage_catalog_location" "all" {
  provider = orbit
  limit    = 1000
}

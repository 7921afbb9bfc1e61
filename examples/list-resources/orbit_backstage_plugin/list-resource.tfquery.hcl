# plugins.tfquery.hcl: terraform query -generate-config-out=plugins.tf
list "orbit_backstage_plugin" "acme" {
  provider = orbit

  config {
    workspace = "acme"
  }
}

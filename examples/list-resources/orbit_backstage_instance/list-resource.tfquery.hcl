# instances.tfquery.hcl: terraform query -generate-config-out=instances.tf
list "orbit_backstage_instance" "payments" {
  provider = orbit

  config {
    labels = { team = "payments" }
    phase  = "Ready"
  }
}

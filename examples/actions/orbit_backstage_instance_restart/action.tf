resource "orbit_backstage_instance" "acme" {
  workspace      = "acme"
  restart_policy = "manual" # changes that cost a restart are stored
  config         = yamlencode({ backend = { cors = { origin = "https://acme.example.com" } } })
}

# The maintenance window: terraform apply -invoke=action.orbit_backstage_instance_restart.acme
action "orbit_backstage_instance_restart" "acme" {
  config {
    workspace = orbit_backstage_instance.acme.workspace
    timeouts  = { invoke = "30m" }
  }
}

# An instance that restarts in a maintenance window only.
#
#   terraform apply                       live changes go ahead; the plan of a restart fails and says why
#   terraform apply -var in_window=true   in the window, restarts go ahead too

terraform {
  required_version = ">= 1.11"
  required_providers {
    orbit = {
      source = "orbit-idp/orbit"
    }
  }
}

provider "orbit" {}

variable "in_window" {
  description = "Whether the run is in a maintenance window. The pipeline that knows the calendar sets it."
  type        = bool
  default     = false
}

variable "cors_origin" {
  description = "Where the frontend is served. Backstage reads it when it starts, so another one costs a restart."
  type        = string
  default     = "https://acme.example.com"
}

variable "proxy_target" {
  description = "Where /status goes. Backstage takes another one in while it runs."
  type        = string
  default     = "https://status.example.com"
}

resource "orbit_backstage_instance" "acme" {
  workspace      = "acme"
  restart_policy = var.in_window ? "auto" : "forbid"

  config = yamlencode({
    backend = { cors = { origin = var.cors_origin } }
    proxy   = { endpoints = { "/status" = { target = var.proxy_target } } }
  })

  # The policy covers plugins too. Those in this map obey the policy that the same plan sets; an orbit_backstage_plugin
  # obeys the one that was applied last, so in the window its instance is applied first:
  #
  #   terraform apply -var in_window=true -target=orbit_backstage_instance.acme
  plugins = {
    "@backstage-community/plugin-todo-backend" = { version = "0.25.0" }
  }
}

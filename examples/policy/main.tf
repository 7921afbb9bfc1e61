# A run whose plan maintenance.rego looks at, before anybody applies it:
#
#   terraform plan -out=plan
#   terraform show -json plan > plan.json
#   opa eval --fail-defined --format=pretty --data maintenance.rego --data window.json --input plan.json \
#     'data.orbit.maintenance.deny[_]'

terraform {
  required_version = ">= 1.11"
  required_providers {
    orbit = {
      source = "orbit-idp/orbit"
    }
  }
}

provider "orbit" {}

variable "cors_origin" {
  type    = string
  default = "https://acme.example.com"
}

variable "proxy_target" {
  type    = string
  default = "https://status.example.com"
}

variable "todo_version" {
  description = "Version of the plugin; an empty one removes it."
  type        = string
  default     = "0.24.0"
}

resource "orbit_backstage_instance" "acme" {
  workspace = "acme"

  config = yamlencode({
    backend = { cors = { origin = var.cors_origin } }
    proxy   = { endpoints = { "/status" = { target = var.proxy_target } } }
  })

  deletion_protection = false
}

resource "orbit_backstage_plugin" "todo" {
  count = var.todo_version == "" ? 0 : 1

  workspace = orbit_backstage_instance.acme.workspace
  package   = "@backstage-community/plugin-todo-backend"
  version   = var.todo_version
}

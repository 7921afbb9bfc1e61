# Two workspaces, each with a Backstage of its own: own process, own database, own URL.
# `make demo` starts orbitd and applies this.

terraform {
  required_version = ">= 1.11"
  required_providers {
    orbit = {
      source = "orbit-idp/orbit"
    }
  }
}

# Where orbitd is, and its token: ORBIT_ENDPOINT and ORBIT_TOKEN_FILE.
provider "orbit" {}

variable "catalog_dir" {
  description = "Folder with acme.yaml and globex.yaml. The instances' processes have to be able to read it."
  type        = string
  default     = null
}

variable "argocd_token" {
  description = "Token for Argo CD. Ephemeral: it is in no plan and no state."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = "demo-token"
}

locals {
  catalog_dir = coalesce(var.catalog_dir, abspath("${path.module}/catalog"))
}

# acme: the app-config as HCL, and a plugin as a resource of its own, which another module or state could own as well.
resource "orbit_backstage_instance" "acme" {
  workspace = "acme"

  config = yamlencode({
    app          = { title = "Acme" }
    organization = { name = "Acme" }
    auth         = { providers = { guest = { dangerouslyAllowOutsideDevelopment = true } } }
    backend      = { cors = { origin = "http://localhost:3000" } }
    proxy = {
      endpoints = {
        "/github-status" = { target = "https://www.githubstatus.com/api/v2" }
      }
    }
    catalog = {
      rules     = [{ allow = ["Component"] }]
      locations = [{ type = "file", target = "${local.catalog_dir}/acme.yaml" }]
    }
  })

  # Raise the version whenever a value changes; values are never compared, because they are never stored here.
  secrets_wo         = { ARGOCD_TOKEN = var.argocd_token }
  secrets_wo_version = 1

  # On by default, because deleting an instance drops its database. A demo is there to be deleted.
  deletion_protection = false
}

resource "orbit_backstage_plugin" "argocd" {
  workspace = orbit_backstage_instance.acme.workspace
  package   = "@roadiehq/backstage-plugin-argo-cd-backend"
  version   = "4.8.0"

  config = yamlencode({
    argocd = {
      appLocatorMethods = [{
        type      = "config"
        instances = [{ name = "main", url = "https://argocd.example.com", token = "$${ARGOCD_TOKEN}" }]
      }]
    }
  })
}

# globex: the app-config as YAML, and a plugin in the instance's own set, which is checked and rolled out as a whole.
resource "orbit_backstage_instance" "globex" {
  workspace = "globex"

  config = <<-YAML
    app:
      title: Globex
    organization:
      name: Globex
    auth:
      providers:
        guest:
          dangerouslyAllowOutsideDevelopment: true
    catalog:
      rules:
        - allow: [Component]
      locations:
        - type: file
          target: ${local.catalog_dir}/globex.yaml
  YAML

  plugins = {
    "@backstage/plugin-catalog-backend-module-unprocessed" = { version = "0.6.16" }
  }

  deletion_protection = false # as above
}

output "urls" {
  description = "Where people open each workspace's Backstage."
  value = {
    acme   = orbit_backstage_instance.acme.url
    globex = orbit_backstage_instance.globex.url
  }
}

# Instances that people sign in to, one with each provider. Register <url>/api/auth/<provider>/handler/frame with the
# provider before the first sign-in; the output has the addresses.

terraform {
  required_version = ">= 1.11"
  required_providers {
    orbit = {
      source = "orbit-idp/orbit"
    }
  }
}

provider "orbit" {}

variable "client_secrets" {
  description = "The client secrets that the providers gave out, by provider."
  type        = map(string)
  ephemeral   = true
  sensitive   = true
}

output "callback_urls" {
  value = {
    oidc      = "${orbit_backstage_instance.acme.url}/api/auth/oidc/handler/frame"
    github    = "${orbit_backstage_instance.globex.url}/api/auth/github/handler/frame"
    gitlab    = "${orbit_backstage_instance.initech.url}/api/auth/gitlab/handler/frame"
    google    = "${orbit_backstage_instance.hooli.url}/api/auth/google/handler/frame"
    microsoft = "${orbit_backstage_instance.contoso.url}/api/auth/microsoft/handler/frame"
  }
}

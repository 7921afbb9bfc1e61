data "orbit_backstage_plugin_package" "argocd" {
  package = "@roadiehq/backstage-plugin-argo-cd-backend"
  version = "^4.8.0"
}

resource "orbit_backstage_instance" "acme" {
  workspace = "acme"

  plugins = {
    (data.orbit_backstage_plugin_package.argocd.package) = {
      version = data.orbit_backstage_plugin_package.argocd.version
    }
  }

  lifecycle {
    precondition {
      condition     = data.orbit_backstage_plugin_package.argocd.deprecated == null
      error_message = "The plugin's authors say: ${coalesce(data.orbit_backstage_plugin_package.argocd.deprecated, "nothing")}"
    }
  }
}

output "boots" {
  description = "Whether Backstage was seen to start with the plugin; null when nobody tried."
  value       = one(data.orbit_backstage_plugin_package.argocd.proven[*].booted)
}

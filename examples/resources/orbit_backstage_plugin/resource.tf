variable "argocd_token" {
  type      = string
  sensitive = true
}

resource "orbit_backstage_plugin" "argocd" {
  workspace = "acme"
  package   = "@roadiehq/backstage-plugin-argo-cd-backend"
  version   = "4.8.0"

  # ${ARGOCD_TOKEN} is one of the plugin's own secrets; a name that it does not have is one of its instance's.
  config = yamlencode({
    argocd = {
      appLocatorMethods = [{
        type      = "config"
        instances = [{ name = "main", url = "https://argocd.example.com", token = "$${ARGOCD_TOKEN}" }]
      }]
    }
  })
  secrets_wo         = { ARGOCD_TOKEN = var.argocd_token }
  secrets_wo_version = 1
}

# Beside its instance, the plugin refers to it: it is made after the instance, and again when that is replaced.
resource "orbit_backstage_instance" "beta" {
  workspace = "beta"
}

resource "orbit_backstage_plugin" "todo" {
  workspace = orbit_backstage_instance.beta.workspace
  package   = "@backstage-community/plugin-todo-backend"
  version   = "0.25.0"

  lifecycle {
    replace_triggered_by = [orbit_backstage_instance.beta.database_name]
  }
}

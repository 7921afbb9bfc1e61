resource "orbit_backstage_plugin" "argocd" {
  workspace = "acme"
  package   = "@roadiehq/backstage-plugin-argo-cd-backend"
  version   = "4.8.0"

  # ${ARGOCD_TOKEN} is one of the secrets of the workspace's instance.
  config = yamlencode({
    argocd = {
      appLocatorMethods = [{
        type      = "config"
        instances = [{ name = "main", url = "https://argocd.example.com", token = "$${ARGOCD_TOKEN}" }]
      }]
    }
  })
}

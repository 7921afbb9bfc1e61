import {
  to = orbit_backstage_plugin.argocd
  identity = {
    workspace = "acme"
    package   = "@roadiehq/backstage-plugin-argo-cd-backend"
  }
}

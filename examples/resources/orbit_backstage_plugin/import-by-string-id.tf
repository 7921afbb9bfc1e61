import {
  to = orbit_backstage_plugin.argocd
  id = "acme/@roadiehq/backstage-plugin-argo-cd-backend"
}

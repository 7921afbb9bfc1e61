# The id is the workspace, a slash and the npm package.
terraform import orbit_backstage_plugin.argocd acme/@roadiehq/backstage-plugin-argo-cd-backend

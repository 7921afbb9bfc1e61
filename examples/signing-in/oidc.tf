resource "orbit_backstage_instance" "acme" {
  workspace = "acme"

  config = yamlencode({
    auth = {
      environment = "production"
      providers = {
        oidc = {
          production = {
            clientId     = "backstage-acme"
            clientSecret = "$${CLIENT_SECRET}"
            metadataUrl  = "https://login.example.com/.well-known/openid-configuration"
            prompt       = "auto" # "none" by default: only who is signed in with the provider already
            signIn = {
              resolvers = [{ resolver = "emailMatchingUserEntityProfileEmail" }]
            }
          }
        }
      }
    }
  })

  secrets_wo         = { CLIENT_SECRET = var.client_secrets["oidc"] } # write-only: in no plan and no state
  secrets_wo_version = 1
}

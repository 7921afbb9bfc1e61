resource "orbit_backstage_instance" "hooli" {
  workspace = "hooli"

  config = yamlencode({
    auth = {
      environment = "production"
      providers = {
        google = {
          production = {
            clientId     = "0123456789.apps.googleusercontent.com"
            clientSecret = "$${CLIENT_SECRET}"
            signIn = {
              resolvers = [{ resolver = "emailMatchingUserEntityAnnotation" }]
            }
          }
        }
      }
    }
  })

  secrets_wo         = { CLIENT_SECRET = var.client_secrets["google"] } # write-only: in no plan and no state
  secrets_wo_version = 1
}

resource "orbit_backstage_instance" "initech" {
  workspace = "initech"

  config = yamlencode({
    auth = {
      environment = "production"
      providers = {
        gitlab = {
          production = {
            clientId     = "0123456789abcdef"
            clientSecret = "$${CLIENT_SECRET}"
            audience     = "https://gitlab.example.com" # gitlab.com without it
            signIn = {
              resolvers = [{ resolver = "usernameMatchingUserEntityName" }]
            }
          }
        }
      }
    }
  })

  secrets_wo         = { CLIENT_SECRET = var.client_secrets["gitlab"] } # write-only: in no plan and no state
  secrets_wo_version = 1
}

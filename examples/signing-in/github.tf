resource "orbit_backstage_instance" "globex" {
  workspace = "globex"

  config = yamlencode({
    auth = {
      environment = "production"
      providers = {
        github = {
          production = {
            clientId     = "Iv23li0000000000"
            clientSecret = "$${CLIENT_SECRET}"
            signIn = {
              resolvers = [{ resolver = "usernameMatchingUserEntityName" }]
            }
          }
        }
      }
    }
  })

  secrets_wo         = { CLIENT_SECRET = var.client_secrets["github"] } # write-only: in no plan and no state
  secrets_wo_version = 1
}

resource "orbit_backstage_instance" "contoso" {
  workspace = "contoso"

  config = yamlencode({
    auth = {
      environment = "production"
      providers = {
        microsoft = {
          production = {
            clientId     = "00000000-0000-0000-0000-000000000000"
            clientSecret = "$${CLIENT_SECRET}"
            tenantId     = "11111111-1111-1111-1111-111111111111"
            signIn = {
              resolvers = [{ resolver = "userIdMatchingUserEntityAnnotation" }]
            }
          }
        }
      }
    }
  })

  secrets_wo         = { CLIENT_SECRET = var.client_secrets["microsoft"] } # write-only: in no plan and no state
  secrets_wo_version = 1
}

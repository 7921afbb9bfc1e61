variable "github_token" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "orbit_backstage_instance" "acme" {
  workspace = "acme"

  config = yamlencode({
    app          = { title = "Acme" }
    integrations = { github = [{ host = "github.com", token = "$${GITHUB_TOKEN}" }] }
    catalog = {
      rules     = [{ allow = ["Component", "System", "API", "Resource", "Location"] }]
      locations = [{ type = "url", target = "https://github.com/acme/catalog/blob/main/all.yaml" }]
    }
  })

  plugins = {
    "@backstage-community/plugin-todo-backend" = { version = "0.25.0" }
  }

  secrets_wo         = { GITHUB_TOKEN = var.github_token }
  secrets_wo_version = 1
}

ephemeral "orbit_backstage_token" "acme" {
  workspace = "acme"
}

locals {
  # For the block of another provider, which can refer to what is ephemeral.
  backstage_headers = { Authorization = "Bearer ${ephemeral.orbit_backstage_token.acme.token}" }
}

# Where the same run makes the instance, its api_url has Terraform make the token after it.
resource "orbit_backstage_instance" "beta" {
  workspace = "beta"
}

ephemeral "orbit_backstage_token" "beta" {
  workspace = orbit_backstage_instance.beta.workspace
  api_url   = orbit_backstage_instance.beta.api_url
  lifetime  = "30m"
}

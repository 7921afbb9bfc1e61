# What the module makes of its variables. No orbitd is asked: the provider is a mock, and only its functions are real.

mock_provider "orbit" {}

variables {
  workspace = "acme"
}

run "defaults" {
  command = plan

  assert {
    condition     = yamldecode(orbit_backstage_instance.this.config) == { app = { title = "acme" }, organization = { name = "acme" } }
    error_message = "An instance without documents has its workspace as its title, and nothing else."
  }
  assert {
    condition     = orbit_backstage_instance.this.deletion_protection
    error_message = "An instance is protected from deletion unless somebody says otherwise."
  }
  assert {
    condition     = orbit_backstage_instance.this.restart_policy == "auto"
    error_message = "Restarts go ahead unless somebody says otherwise."
  }
  assert {
    condition     = orbit_backstage_instance.this.plugins == null && orbit_backstage_instance.this.variables == null
    error_message = "What is empty is left out, so that importing an instance plans no change."
  }
}

run "later_documents_go_over_earlier_ones" {
  command = plan

  variables {
    title = "Acme"
    documents = [
      "{ app: { support: { url: 'https://a.example.com' } }, catalog: { rules: [{ allow: [Component, API] }] } }",
      jsonencode({ app = { title = "Acme (staging)" }, catalog = { rules = [{ allow = ["Component"] }] } }),
    ]
  }

  assert {
    condition     = yamldecode(orbit_backstage_instance.this.config).app == { title = "Acme (staging)", support = { url = "https://a.example.com" } }
    error_message = "Mappings are merged key by key."
  }
  assert {
    condition     = yamldecode(orbit_backstage_instance.this.config).catalog.rules == [{ allow = ["Component"] }]
    error_message = "A list is replaced as a whole."
  }
  assert {
    condition     = yamldecode(orbit_backstage_instance.this.config).organization.name == "Acme"
    error_message = "The title is the organization's name too."
  }
}

run "references_stay_references" {
  command = plan

  variables {
    documents       = ["integrations: { github: [{ host: github.com, token: '$${GITHUB_TOKEN}' }] }"]
    secrets         = { GITHUB_TOKEN = "a-token" }
    secrets_version = 1
    variables       = { TITLE = "Acme" }
  }

  assert {
    condition     = yamldecode(orbit_backstage_instance.this.config).integrations.github[0].token == "$${GITHUB_TOKEN}"
    error_message = "The document keeps the name of a secret; its value is never in it."
  }
}

# The module against an orbitd: what plans cost, and one instance from its first boot to its end. Where orbitd is, and its
# token: ORBIT_ENDPOINT and ORBIT_TOKEN_FILE. The instance is deleted at the end.

provider "orbit" {
  default_labels = { "managed-by" = "terraform-test" }
}

variables {
  workspace           = "module-test"
  title               = "Module test"
  deletion_protection = false
  labels              = { team = "payments" }
  secrets             = { STATUS_TOKEN = "a-token" }
  secrets_version     = 1
  documents           = ["backend: { cors: { origin: 'https://a.example.com' } }"]
}

run "first_boot" {
  command = apply

  assert {
    condition     = output.change_impact == "none" && output.restart_revision == 0
    error_message = "A first boot interrupts nobody."
  }
  assert {
    condition     = strcontains(output.url, "://module-test.") && output.api_url == "${output.url}/api"
    error_message = "The instance is where its workspace says."
  }
  assert {
    condition     = output.database_name == "backstage_module-test"
    error_message = "The instance has a database of its own."
  }
  assert {
    condition     = output.labels_all == tomap({ team = "payments", "managed-by" = "terraform-test" })
    error_message = "The instance has the provider's labels and its own."
  }
}

run "nothing_to_do" {
  command = plan

  assert {
    condition     = output.change_impact == "none" && output.restart_revision == 0
    error_message = "A plan without changes moves nothing."
  }
}

run "a_proxy_endpoint" {
  command = plan

  variables {
    documents = [
      "backend: { cors: { origin: 'https://a.example.com' } }",
      "proxy: { endpoints: { /status: { target: 'https://status.example.com', headers: { Authorization: 'Bearer $${STATUS_TOKEN}' } } } }",
    ]
  }

  assert {
    condition     = output.change_impact == "live" && output.restart_revision == 0
    error_message = "Backstage takes an endpoint in while it runs."
  }
}

run "another_origin" {
  command = plan

  variables {
    documents = ["backend: { cors: { origin: 'https://b.example.com' } }"]
  }

  assert {
    condition     = output.change_impact == "restart" && output.change_reasons[0].path == "backend.cors.origin"
    error_message = "Backstage reads the origin when it starts, and the plan says so."
  }
}

run "another_origin_in_the_window" {
  command = apply

  variables {
    documents      = ["backend: { cors: { origin: 'https://b.example.com' } }"]
    restart_policy = "forbid"
    in_window      = true
  }

  assert {
    condition     = output.restart_revision == 1
    error_message = "The change restarted the instance once."
  }
}

run "live_changes_outside_of_the_window" {
  command = apply

  variables {
    documents = [
      "backend: { cors: { origin: 'https://b.example.com' } }",
      "proxy: { endpoints: { /status: { target: 'https://status.example.com', headers: { Authorization: 'Bearer $${STATUS_TOKEN}' } } } }",
    ]
    restart_policy = "forbid"
  }

  assert {
    condition     = output.change_impact == "live" && output.restart_revision == 1
    error_message = "What costs no restart goes ahead under forbid."
  }
}

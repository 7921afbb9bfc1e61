# The policies that environments differ in. No orbitd is asked.

mock_provider "orbit" {}

variables {
  workspace      = "acme"
  restart_policy = "forbid"
  exact_versions = true
  plugins        = { "@backstage-community/plugin-todo-backend" = { version = "0.25.0" } }
}

run "outside_of_the_window" {
  command = plan

  assert {
    condition     = orbit_backstage_instance.this.restart_policy == "forbid"
    error_message = "Outside of the maintenance window nothing restarts."
  }
}

run "in_the_window" {
  command = plan

  variables {
    in_window = true
  }

  assert {
    condition     = orbit_backstage_instance.this.restart_policy == "auto"
    error_message = "In the window restarts go ahead."
  }
}

run "ranges_where_exact_versions_are_asked_for" {
  command = plan

  variables {
    plugins = { "@backstage-community/plugin-todo-backend" = { version = "^0.25.0" } }
  }

  expect_failures = [orbit_backstage_instance.this]
}

run "ranges_elsewhere" {
  command = plan

  variables {
    exact_versions = false
    plugins        = { "@backstage-community/plugin-todo-backend" = { version = "^0.25.0" } }
  }
}

run "labels" {
  command = plan

  variables {
    labels = { team = "payments", environment = "production" }
  }

  assert {
    condition     = orbit_backstage_instance.this.labels == tomap({ team = "payments", environment = "production" })
    error_message = "Labels are handed on as they are."
  }
}

run "a_workspace_that_is_no_host_name" {
  command = plan

  variables {
    workspace = "Acme_Payments"
  }

  expect_failures = [var.workspace]
}

run "a_workspace_that_is_too_long" {
  command = plan

  variables {
    workspace = "a123456789b123456789c123456789d123456789e"
  }

  expect_failures = [var.workspace]
}

run "a_policy_that_does_not_exist" {
  command = plan

  variables {
    restart_policy = "never"
  }

  expect_failures = [var.restart_policy]
}

run "too_little_memory" {
  command = plan

  variables {
    memory_limit_mib = 128
  }

  expect_failures = [var.memory_limit_mib]
}

run "an_empty_document" {
  command = plan

  variables {
    documents = ["app: { title: Acme }", " \n"]
  }

  expect_failures = [var.documents]
}

run "a_version_of_secrets_that_is_no_number_to_count_with" {
  command = plan

  variables {
    secrets         = { TOKEN = "a-token" }
    secrets_version = 0
  }

  expect_failures = [var.secrets_version]
}

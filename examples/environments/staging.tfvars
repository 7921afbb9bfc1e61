environment    = "staging"
restart_policy = "auto"
exact_versions = true

workspaces = {
  acme = {
    title           = "Acme (staging)"
    team            = "payments"
    secrets_version = 1
    plugins = {
      "@backstage-community/plugin-todo-backend" = { version = "0.25.0" }
    }
  }
}

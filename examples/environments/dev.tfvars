environment         = "dev"
restart_policy      = "auto"
exact_versions      = false
deletion_protection = false

workspaces = {
  acme = {
    title           = "Acme (dev)"
    team            = "payments"
    secrets_version = 1
    plugins = {
      "@backstage-community/plugin-todo-backend" = { version = "^0.25.0" }
    }
  }
}

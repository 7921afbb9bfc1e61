environment    = "production"
restart_policy = "forbid"
exact_versions = true

workspaces = {
  acme = {
    title            = "Acme"
    team             = "payments"
    secrets_version  = 1
    memory_limit_mib = 2048
    plugins = {
      "@backstage-community/plugin-todo-backend" = { version = "0.25.0" }
    }
  }
  globex = {
    title           = "Globex"
    team            = "treasury"
    secrets_version = 1
  }
}

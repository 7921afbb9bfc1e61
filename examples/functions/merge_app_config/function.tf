# What all instances have in common, and over it what a team wants of its own.
locals {
  company = yamlencode({
    app   = { title = "Backstage", support = { url = "https://help.example.com" } }
    proxy = { endpoints = { "/status" = { target = "https://status.example.com" } } }
  })
  payments = <<-YAML
    app:
      title: Payments
    proxy:
      endpoints:
        /status: null # not for this team
  YAML
}

output "config" {
  description = "{\"app\":{\"support\":{\"url\":\"https://help.example.com\"},\"title\":\"Payments\"},\"proxy\":{\"endpoints\":{}}}"
  value       = provider::orbit::merge_app_config(local.company, local.payments)
}

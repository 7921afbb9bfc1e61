locals {
  before = yamlencode({ backend = { cors = { origin = "https://a.example.com" } } })
  after  = yamlencode({ backend = { cors = { origin = "https://b.example.com" } } })
  change = provider::orbit::change_impact(local.before, local.after)
}

output "impact" {
  description = "restart"
  value       = local.change.impact
}

output "reasons" {
  description = "What changed, and why that costs a restart."
  value       = [for reason in local.change.reasons : "${reason.path}: ${reason.because}"]
}

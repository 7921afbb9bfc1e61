data "orbit_backstage_instance" "acme" {
  workspace = "acme"
}

output "ready" {
  value = one([
    for condition in data.orbit_backstage_instance.acme.status.conditions : condition.status
    if condition.type == "Ready"
  ])
}

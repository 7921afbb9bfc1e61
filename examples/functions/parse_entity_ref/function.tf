output "owner" {
  description = "{ kind = \"group\", namespace = \"default\", name = \"payments\" }"
  value       = provider::orbit::parse_entity_ref("group:payments")
}

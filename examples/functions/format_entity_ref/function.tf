output "ref" {
  description = "component:default/payments"
  value       = provider::orbit::format_entity_ref({ kind = "Component", name = "Payments" })
}

output "of_an_entity" {
  description = "component:default/ledger"
  value = provider::orbit::format_entity_ref(yamldecode(<<-YAML
    apiVersion: backstage.io/v1alpha1
    kind: Component
    metadata:
      name: ledger
  YAML
  ))
}

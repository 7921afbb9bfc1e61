package provider_test

import (
	"regexp"
	"strings"
	"testing"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// newest is for what Terraform has since 1.14: actions and list resources.
var newest = tfversion.SkipBelow(tfversion.Version1_14_0)

func TestAccFunctions(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "functions")
	output := statecheck.ExpectKnownOutputValue
	accept(
		t,
		helper.TestStep{
			Config: m.hcl(`
locals {
  merged = provider::orbit::merge_app_config("a: {b: 1, c: [1]}", jsonencode({ a = { b = null, c = ["$${X}"] } }))
  change = provider::orbit::change_impact("", local.merged)
}
output "merged"  { value = local.merged }
output "impact"  { value = local.change.impact }
output "because" { value = local.change.reasons[0].path }
output "name"    { value = provider::orbit::parse_entity_ref("Component:Payments").name }
output "ref"     { value = provider::orbit::format_entity_ref(provider::orbit::parse_entity_ref("Component:Payments")) }
output "short"   { value = provider::orbit::format_entity_ref({ kind = "API", name = "v1" }) }
`),
			ConfigStateChecks: []statecheck.StateCheck{
				output("merged", knownvalue.StringExact(`{"a":{"c":["${X}"]}}`)),
				output("impact", knownvalue.StringExact("restart")),
				output("because", knownvalue.StringExact("a")),
				output("name", knownvalue.StringExact("Payments")),
				output("ref", knownvalue.StringExact("component:default/payments")),
				output("short", knownvalue.StringExact("api:default/v1")),
			},
		},
		helper.TestStep{
			Config:            m.hcl(`output "x" { value = provider::orbit::merge_app_config(null, "a: 1", null) }`),
			SkipFunc:          func() (bool, error) { return onOpenTofu(), nil }, // which passes no null to functions
			ConfigStateChecks: []statecheck.StateCheck{output("x", knownvalue.StringExact(`{"a":1}`))},
		},
		helper.TestStep{
			Config:      m.hcl(`output "x" { value = provider::orbit::merge_app_config("a: 1", "b: [") }`),
			ExpectError: regexp.MustCompile(`Argument\s+2:\s+line\s+1,\s+column`),
		},
		helper.TestStep{
			Config:      m.hcl(`output "x" { value = provider::orbit::parse_entity_ref("payments") }`),
			ExpectError: regexp.MustCompile(`"payments"\s+has\s+no\s+kind`),
		},
		helper.TestStep{
			// What is not known yet gives what is not known yet.
			Config: m.hcl(accConfig(accBase, "") + `
output "x" { value = provider::orbit::merge_app_config(jsonencode({ url = orbit_backstage_instance.acme.url }), "a: 1") }`),
		},
	)
}

const accTrigger = `  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.orbit_backstage_instance_restart.acme]
    }
  }`

func TestAccActionsAreTriggered(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "triggered")
	action := `
action "orbit_backstage_instance_restart" "acme" {
  config { workspace = "WORKSPACE" }
}
`
	var before int64
	acceptSince(
		t, newest,
		helper.TestStep{Config: m.hcl(accConfig(accBase, accTrigger) + action), Check: func(*terraform.State) error {
			instance, err := m.client(t).GetInstance(t.Context(), m.workspace)
			if err == nil {
				before = instance.Generation
			}
			return err
		}},
		helper.TestStep{Config: m.hcl(accConfig(accLive, accTrigger) + action), Check: func(*terraform.State) error {
			instance, err := m.client(t).GetInstance(t.Context(), m.workspace)
			if err == nil && instance.Generation <= before+1 && m.token != fakeToken {
				t.Errorf("generation %d after %d: no restart was asked for", instance.Generation, before)
			}
			return err
		}},
	)
}

func TestAccAQueryFindsTheEstate(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "found-by-query")
	config := m.hcl(accConfig(accBase, "") + `
resource "orbit_backstage_plugin" "todo" {
  workspace = orbit_backstage_instance.acme.workspace
  package   = "@backstage-community/plugin-todo-backend"
  version   = "0.25.0"
}
`)
	query := strings.ReplaceAll(`
list "orbit_backstage_instance" "all" {
  provider         = orbit
  include_resource = true
}
list "orbit_backstage_plugin" "all" {
  provider = orbit
  config { workspace = "WORKSPACE" }
}
`, "WORKSPACE", m.workspace)
	acceptSince(
		t, newest,
		helper.TestStep{Config: config},
		helper.TestStep{
			Query: true, Config: query,
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectIdentity("orbit_backstage_instance.all", map[string]knownvalue.Check{
					"workspace": knownvalue.StringExact(m.workspace),
				}),
				querycheck.ExpectResourceDisplayName("orbit_backstage_instance.all", queryfilter.ByResourceIdentity(map[string]knownvalue.Check{
					"workspace": knownvalue.StringExact(m.workspace),
				}), knownvalue.StringExact(m.workspace)),
				querycheck.ExpectIdentity("orbit_backstage_plugin.all", map[string]knownvalue.Check{
					"workspace": knownvalue.StringExact(m.workspace), "package": knownvalue.StringExact("@backstage-community/plugin-todo-backend"),
				}),
			},
		},
	)
}

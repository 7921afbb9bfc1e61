package provider_test

import (
	"testing"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
)

func TestAccReleasesAreListed(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "carried")
	const data = "data.orbit_backstage_releases.carried"
	accept(t, helper.TestStep{
		Config: m.hcl("data \"orbit_backstage_releases\" \"carried\" {}\n"),
		ConfigStateChecks: []statecheck.StateCheck{
			is(data, "default", knownvalue.StringExact(provider.DefaultRelease)),
			is(data, "versions", knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.StringExact(provider.DefaultRelease)})),
			is(data, "releases", knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"default": knownvalue.Bool(true), "node": knownvalue.NotNull(),
			})})),
		},
	})
}

func TestAccInstancesAreListed(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "listed")
	const data = "data.orbit_backstage_instances.ready"
	accept(t, helper.TestStep{
		Config: m.hcl(accConfig(accBase, "") + `
data "orbit_backstage_instances" "ready" {
  phase      = "Ready"
  depends_on = [orbit_backstage_instance.acme]
}

output "mine" {
  value = one([for i in data.orbit_backstage_instances.ready.instances : i.database_name if i.workspace == "WORKSPACE"])
}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			is(data, "workspaces", knownvalue.NotNull()),
			statecheck.ExpectKnownOutputValue("mine", knownvalue.StringExact("backstage_listed")),
		},
	})
}

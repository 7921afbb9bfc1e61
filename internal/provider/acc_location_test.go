package provider_test

import (
	"fmt"
	"testing"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// needs skips where the orbitd under test does not have the routes of the question yet.
func (m manager) needs(t *testing.T, what string, question func(*orbit.Client) error) {
	t.Helper()
	if orbit.HasCode(question(m.client(t)), orbit.CodeNoRoute) {
		t.Skip("this orbitd has no " + what + " yet")
	}
}

func (m manager) needsCatalog(t *testing.T) {
	t.Helper()
	m.needs(t, "catalog", func(client *orbit.Client) error {
		_, err := client.ListCatalogLocations(t.Context(), m.workspace)
		return err
	})
}

const accLocation = "orbit_backstage_catalog_location.payments"

// accLocationOf is an instance with a location.
func accLocationOf(target string) string {
	return accConfig(accBase, "") + fmt.Sprintf(`
resource "orbit_backstage_catalog_location" "payments" {
  workspace = orbit_backstage_instance.acme.workspace
  target    = %q
  lifecycle {
    replace_triggered_by = [orbit_backstage_instance.acme.database_name]
  }
}
`, target)
}

// The fake runtime's catalog reads from a target's path what it yields.
const (
	accTarget  = "https://example.com/component/payments"
	accMissing = "https://example.com/missing.yaml"
)

func TestAccLocationThroughItsLife(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "located")
	m.needsCatalog(t)
	one := func() knownvalue.Check {
		return knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("component:default/payments")})
	}
	empty := plancheck.ExpectEmptyPlan()
	action := func(action plancheck.ResourceActionType) helper.ConfigPlanChecks {
		return helper.ConfigPlanChecks{
			PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(accLocation, action)},
			PostApplyPostRefresh: []plancheck.PlanCheck{empty},
		}
	}
	accept(
		t,
		helper.TestStep{
			Config:            m.hcl(accLocationOf(accTarget)),
			ConfigPlanChecks:  action(plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{is(accLocation, "entities", one()), is(accLocation, "problems", knownvalue.ListSizeExact(0))},
		},
		helper.TestStep{
			ResourceName: accLocation, ImportState: true, ImportStateId: m.workspace + "/" + accTarget, ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "location_id",
		},
		// Removed behind Terraform's back.
		helper.TestStep{
			PreConfig: func() {
				client := m.client(t)
				locations, err := client.ListCatalogLocations(t.Context(), m.workspace)
				if err != nil || len(locations) != 1 {
					t.Fatal(locations, err)
				}
				if err := client.DeleteCatalogLocation(t.Context(), m.workspace, locations[0].ID); err != nil {
					t.Fatal(err)
				}
			},
			Config: m.hcl(accLocationOf(accTarget)), ConfigPlanChecks: action(plancheck.ResourceActionCreate),
		},
		// The instance is replaced, and its catalog is another one.
		helper.TestStep{
			Config: m.hcl(accLocationOf(accTarget)), Taint: []string{accInstance}, ConfigPlanChecks: action(plancheck.ResourceActionReplace),
			ConfigStateChecks: []statecheck.StateCheck{is(accLocation, "entities", one())},
		},
		helper.TestStep{
			Config: m.hcl(accLocationOf("https://example.com/component/ledger")), ConfigPlanChecks: action(plancheck.ResourceActionReplace),
		},
		helper.TestStep{Config: m.hcl(accConfig(accBase, ""))},
		helper.TestStep{
			PreConfig: func() {
				if locations, err := m.client(t).ListCatalogLocations(t.Context(), m.workspace); err != nil || len(locations) != 0 {
					t.Errorf("locations = %v, %v, want none", locations, err)
				}
			},
			Config: m.hcl(accConfig(accBase, "")), ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{empty}},
		},
	)
}

func TestAccALocationThatCannotBeReadIsKeptWithItsProblems(t *testing.T) {
	t.Parallel()
	m := realManager(t, "unreadable")
	m.needsCatalog(t)
	accept(t, helper.TestStep{
		Config:            m.hcl(accLocationOf(accMissing)),
		ConfigPlanChecks:  helper.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		ConfigStateChecks: []statecheck.StateCheck{is(accLocation, "location_id", knownvalue.NotNull()), is(accLocation, "problems", knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.NotNull()}))},
	})
}

func TestAccALocationOfSomebodyElseTellsHowToImportIt(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "elsewhere")
	m.needsCatalog(t)
	tf := newProject(t, m, m.own(accConfig(accBase, "")))
	tf.apply(t)
	if _, err := m.client(t).CreateCatalogLocation(t.Context(), m.workspace, orbit.NewIdempotencyKey(), orbit.CatalogLocationWrite{Target: accTarget}); err != nil {
		t.Fatal(err)
	}
	tf.write(t, m.own(accLocationOf(accTarget)))
	want(t, tf.refuse(t, "apply", "-auto-approve"), "Unable to create location "+accTarget, "terraform import ADDRESS '"+m.workspace+"/"+accTarget+"'")
	tf.do(t, "import", accLocation, m.workspace+"/"+accTarget)
	want(t, tf.plan(t), "No changes.")
	tf.do(t, "destroy", "-auto-approve")
}

func TestAccEntitiesAreFoundByTheCatalogsOwnFilters(t *testing.T) {
	t.Parallel()
	m := realManager(t, "entities")
	m.needsCatalog(t)
	const data = "data.orbit_backstage_catalog_entities.all"
	accept(t, helper.TestStep{
		Config: m.hcl(accLocationOf("https://example.com/component/payments+orders") + `
data "orbit_backstage_catalog_entities" "all" {
  workspace  = orbit_backstage_instance.acme.workspace
  filters    = ["kind=component"]
  fields     = ["metadata.annotations"]
  depends_on = [orbit_backstage_catalog_location.payments]
}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			is(data, "refs", knownvalue.ListExact([]knownvalue.Check{
				knownvalue.StringExact("component:default/orders"), knownvalue.StringExact("component:default/payments"),
			})),
			is(data, "truncated", knownvalue.Bool(false)),
		},
	})
}

func TestAccALocationIsImportedByItsIdentity(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "identified")
	m.needsCatalog(t)
	helper.Test(t, helper.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: underTest(),
		Steps: []helper.TestStep{
			{Config: m.hcl(accLocationOf(accTarget))},
			{ResourceName: accLocation, ImportState: true, ImportStateKind: helper.ImportBlockWithResourceIdentity},
		},
	})
}

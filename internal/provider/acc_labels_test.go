package provider_test

import (
	"strings"
	"testing"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// labelledHCL is hcl with default labels of the provider.
func (m manager) labelledHCL(defaults, resources string) string {
	return strings.Replace(m.hcl(resources), "provider \"orbit\" {\n", "provider \"orbit\" {\n  default_labels = "+defaults+"\n", 1)
}

func TestAccLabelsAndDefaultLabels(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "labelled")
	config := accConfig(accBase, "  labels = { team = \"payments\" }")
	labels := func(pairs ...string) knownvalue.Check {
		all := map[string]knownvalue.Check{}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i]] = knownvalue.StringExact(pairs[i+1])
		}
		return knownvalue.MapExact(all)
	}
	planned := func(all knownvalue.Check) helper.ConfigPlanChecks {
		return helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction(accInstance, plancheck.ResourceActionUpdate),
			plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("labels_all"), all),
			plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("change_impact"), knownvalue.StringExact("none")),
		}}
	}
	accept(
		t,
		helper.TestStep{
			Config: m.labelledHCL(`{ stage = "dev" }`, config),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("labels_all"), labels("team", "payments", "stage", "dev")),
			}},
		},
		helper.TestStep{
			Config:           m.labelledHCL(`{ stage = "prod" }`, config),
			ConfigPlanChecks: planned(labels("team", "payments", "stage", "prod")),
		},
		helper.TestStep{
			ResourceName: accInstance, ImportState: true, ImportStateId: m.workspace, ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "workspace",
			ImportStateVerifyIgnore:              []string{"change_impact", "change_reasons", "restart_revision"},
		},
		helper.TestStep{
			PreConfig: func() {
				client := m.client(t)
				current, err := client.GetInstance(t.Context(), m.workspace)
				if err != nil {
					t.Fatal(err)
				}
				spec := current.InstanceSpec
				spec.Labels = map[string]string{"team": "search", "stage": "prod"}
				change, err := client.PutInstance(t.Context(), m.workspace, orbit.IfMatch(current.ETag), orbit.InstanceWrite{InstanceSpec: spec})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := client.WaitChange(t.Context(), change.ID, nil); err != nil {
					t.Fatal(err)
				}
			},
			Config:           m.labelledHCL(`{ stage = "prod" }`, config),
			ConfigPlanChecks: planned(labels("team", "payments", "stage", "prod")),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(accInstance, tfjsonpath.New("labels"), labels("team", "payments")),
			},
		},
	)
}

package provider_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The acceptance tests drive the real Terraform (TF_ACC=1) against the real orbitd, whose instances are those of the fake
// runtime. Without an installed release (ORBIT_TEST_BUNDLE) the API in memory stands in for orbitd.

// manager is where an acceptance test finds orbitd, and the workspace that is the test's own there.
type manager struct {
	endpoint, token, workspace string
}

func anyManager(t *testing.T, workspace string) manager {
	t.Helper()
	switch {
	case os.Getenv(helper.EnvTfAcc) == "":
		t.Skip("acceptance tests run with TF_ACC=1")
	case os.Getenv("ORBIT_TEST_BUNDLE") == "":
		return manager{newFakeAPI(t).URL, fakeToken, workspace}
	}
	endpoint, token := startManager(t)
	return manager{endpoint, token, workspace}
}

// realManager is the orbitd of the acceptance tests, or none.
func realManager(t *testing.T, workspace string) manager {
	t.Helper()
	m := anyManager(t, workspace)
	if m.token == fakeToken {
		t.Skip("needs the real orbitd: ORBIT_TEST_BUNDLE")
	}
	return m
}

// hcl is a configuration with the provider and the resources. "WORKSPACE" stands for the test's own.
func (m manager) hcl(resources string) string {
	return fmt.Sprintf("provider \"orbit\" {\n  endpoint = %q\n  token    = %q\n}\n%s", m.endpoint, m.token,
		strings.ReplaceAll(resources, "WORKSPACE", m.workspace))
}

func (m manager) client(t *testing.T) *orbit.Client {
	t.Helper()
	client, err := orbit.NewClient(orbit.ClientOptions{Endpoint: m.endpoint, Token: m.token})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// accept runs the steps with the provider under test.
func accept(t *testing.T, steps ...helper.TestStep) {
	t.Helper()
	acceptSince(t, tfversion.SkipBelow(tfversion.Version1_11_0), steps...)
}

// acceptSince is accept for what older versions of Terraform do not have.
func acceptSince(t *testing.T, version tfversion.TerraformVersionCheck, steps ...helper.TestStep) {
	t.Helper()
	helper.Test(t, helper.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{version},
		ProtoV6ProviderFactories: underTest(),
		Steps:                    steps,
	})
}

// underTest is the provider, and one whose data is what it is configured with: ephemeral values reach it and nothing else.
func underTest() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"orbit": providerserver.NewProtocol6WithError(provider.New("test")()),
		"echo":  echoprovider.NewProviderServer(),
	}
}

const accInstance = "orbit_backstage_instance.acme"

// accConfig is an instance whose config is made by the HCL expression.
func accConfig(config, more string) string {
	return fmt.Sprintf("resource \"orbit_backstage_instance\" \"acme\" {\n  workspace = \"WORKSPACE\"\n  deletion_protection = false\n"+
		"  config = %s\n%s\n}\n", config, more)
}

const (
	accBase    = `yamlencode({ backend = { cors = { origin = "http://a" } } })`
	accSame    = `jsonencode({ backend = { cors = { origin = "http://a" } } })`
	accLive    = `yamlencode({ backend = { cors = { origin = "http://a" } }, proxy = { endpoints = { "/x" = { target = "https://x.example.com" } } } })`
	accRestart = `yamlencode({ backend = { cors = { origin = "http://b" } }, proxy = { endpoints = { "/x" = { target = "https://x.example.com" } } } })`
)

func TestAccInstanceThroughItsChanges(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "changes")
	accept(
		t,
		helper.TestStep{
			Config: m.hcl(accConfig(accBase, "")),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(accInstance, tfjsonpath.New("change_impact"), knownvalue.StringExact("none")),
				statecheck.ExpectKnownValue(accInstance, tfjsonpath.New("database_name"), knownvalue.StringExact("backstage_changes")),
				statecheck.ExpectKnownValue(accInstance, tfjsonpath.New("release"), knownvalue.StringExact(provider.DefaultRelease)),
			},
		},
		helper.TestStep{
			Config:           m.hcl(accConfig(accSame, "")),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		helper.TestStep{
			Config: m.hcl(accConfig(accLive, "")),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(accInstance, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("change_impact"), knownvalue.StringExact("live")),
				plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("restart_revision"), knownvalue.Int64Exact(0)),
			}},
		},
		helper.TestStep{
			Config: m.hcl(accConfig(accRestart, "")),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("change_impact"), knownvalue.StringExact("restart")),
				plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("change_reasons").AtSliceIndex(0).AtMapKey("path"),
					knownvalue.StringExact("backend.cors.origin")),
				plancheck.ExpectUnknownValue(accInstance, tfjsonpath.New("restart_revision")),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(accInstance, tfjsonpath.New("restart_revision"), knownvalue.Int64Exact(1)),
			},
		},
		helper.TestStep{
			ResourceName: accInstance, ImportState: true, ImportStateId: m.workspace, ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "workspace",
			ImportStateVerifyIgnore:              []string{"change_impact", "change_reasons", "restart_revision"},
		},
	)
}

func TestAccSecretsStayOutOfTheState(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "secrets")
	secrets := func(value string, version int) string {
		return fmt.Sprintf("  secrets_wo = { TOKEN = %q }\n  secrets_wo_version = %d", value, version)
	}
	config := `"integrations: {github: [{host: github.com, token: \"$${TOKEN}\"}]}"`
	accept(
		t,
		helper.TestStep{
			Config: m.hcl(accConfig(config, secrets("one", 1))),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(accInstance, tfjsonpath.New("secrets_wo"), knownvalue.Null()),
			},
		},
		helper.TestStep{
			Config:           m.hcl(accConfig(config, secrets("two", 1))),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		helper.TestStep{
			Config: m.hcl(accConfig(config, secrets("two", 2))),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("change_impact"), knownvalue.StringExact("restart")),
			}},
		},
		helper.TestStep{
			Config:      m.hcl(accConfig(`"a: $${NOBODY}"`, "")),
			PlanOnly:    true,
			ExpectError: regexp.MustCompile(`NOBODY`),
		},
		helper.TestStep{Config: m.hcl(accConfig(accBase, ""))},
	)
}

func TestAccAPluginBothWays(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "plugins")
	const plugin = "orbit_backstage_plugin.todo"
	standalone := accConfig(accBase, "") + `
resource "orbit_backstage_plugin" "todo" {
  workspace = orbit_backstage_instance.acme.workspace
  package   = "@backstage-community/plugin-todo-backend"
  version   = "0.25.0"
}
`
	accept(
		t,
		helper.TestStep{Config: m.hcl(standalone)},
		helper.TestStep{
			ResourceName: plugin, ImportState: true, ImportStateId: m.workspace + "/@backstage-community/plugin-todo-backend",
			ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "package",
			ImportStateVerifyIgnore: []string{"change_impact", "change_reasons", "restart_revision"},
		},
		// An instance and its plugin change in one apply: Terraform plans the plugin again after the instance moved.
		helper.TestStep{Config: m.hcl(regexp.MustCompile(`"0\.25\.0"`).ReplaceAllString(
			regexp.MustCompile(`http://a`).ReplaceAllString(standalone, "http://b"), `"0.24.0"`))},
		helper.TestStep{Config: m.hcl(accConfig(accBase, ""))},
		helper.TestStep{
			Config: m.hcl(accConfig(accBase, `  plugins = { "@backstage-community/plugin-todo-backend" = { version = "0.25.0" } }`)),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(accInstance, tfjsonpath.New("change_impact"), knownvalue.StringExact("restart")),
			}},
		},
	)
}

func TestAccAReplacedInstanceGetsItsPluginsAgain(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "replaced")
	const pkg = "@backstage-community/plugin-todo-backend"
	config := m.hcl(accConfig(accBase, "") + `
resource "orbit_backstage_plugin" "todo" {
  workspace = orbit_backstage_instance.acme.workspace
  package   = "` + pkg + `"
  version   = "0.25.0"
  lifecycle {
    replace_triggered_by = [orbit_backstage_instance.acme.database_name]
  }
}
`)
	accept(
		t,
		helper.TestStep{Config: config},
		helper.TestStep{
			Config: config, Taint: []string{accInstance},
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("orbit_backstage_plugin.todo", plancheck.ResourceActionReplace),
			}},
			Check: func(*terraform.State) error {
				_, err := m.client(t).GetPlugin(t.Context(), m.workspace, pkg)
				return err
			},
		},
	)
}

func TestAccDeletionProtection(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "protected")
	protected := m.hcl("resource \"orbit_backstage_instance\" \"acme\" {\n  workspace = \"WORKSPACE\"\n}\n")
	accept(
		t,
		helper.TestStep{Config: protected},
		helper.TestStep{Config: protected, Destroy: true, ExpectError: regexp.MustCompile(`protected is protected\s+from\s+deletion`)},
		helper.TestStep{
			Config: m.hcl("resource \"orbit_backstage_instance\" \"acme\" {\n  workspace = \"WORKSPACE-2\"\n}\n"), PlanOnly: true,
			ExpectError: regexp.MustCompile(`protected is protected\s+from\s+deletion`),
		},
		helper.TestStep{Config: m.hcl(accConfig("null", ""))},
	)
}

func TestAccAnInstanceDeletedBehindTerraformsBack(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "vanished")
	accept(
		t,
		helper.TestStep{Config: m.hcl(accConfig(accBase, ""))},
		helper.TestStep{
			PreConfig: func() {
				client := m.client(t)
				change, err := client.DeleteInstance(t.Context(), m.workspace, orbit.Precondition{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := client.WaitChange(t.Context(), change.ID, nil); err != nil {
					t.Fatal(err)
				}
			},
			Config: m.hcl(accConfig(accBase, "")),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(accInstance, plancheck.ResourceActionCreate),
			}},
		},
	)
}

func TestAccTheDataSourceTellsTheStatus(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "data")
	const data = "data.orbit_backstage_instance.acme"
	accept(t, helper.TestStep{
		Config: m.hcl(accConfig(accBase, "") + "data \"orbit_backstage_instance\" \"acme\" {\n  workspace = orbit_backstage_instance.acme.workspace\n}\n"),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(data, tfjsonpath.New("status").AtMapKey("phase"), knownvalue.StringExact("Ready")),
			statecheck.ExpectKnownValue(data, tfjsonpath.New("config"), knownvalue.NotNull()),
		},
	})
}

func TestAccAWrongTokenIsAnError(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "unauthorized")
	m.token = "wrong"
	accept(t, helper.TestStep{
		Config: m.hcl(accConfig(accBase, "")), PlanOnly: true, ExpectError: regexp.MustCompile(`Unable to plan instance unauthorized`),
	})
}

func TestAccTheGatewayIsNotTakenForTheAPI(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "gateway")
	if m.token == fakeToken {
		t.Skip("the API in memory has no gateway")
	}
	wrong := m
	wrong.endpoint = strings.Replace(shared.Server(t).Manager.URL(m.workspace, ""), m.workspace+".localhost", "127.0.0.1", 1)
	right := m.hcl(accConfig(accBase, ""))
	accept(
		t,
		helper.TestStep{Config: right},
		helper.TestStep{
			Config: wrong.hcl(accConfig(accBase, "")), Destroy: true,
			ExpectError: regexp.MustCompile(`(?s)Unable to read instance gateway.*it is its\s+gateway`),
		},
		helper.TestStep{
			Config:           right,
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
}

func TestAccAChangeThatDoesNotBootIsPutBack(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "broken")
	if m.token == fakeToken {
		t.Skip("the API in memory boots nothing")
	}
	broken := `yamlencode({ app = { title = "broken" } })`
	accept(
		t,
		helper.TestStep{Config: m.hcl(accConfig(broken, "")), ExpectError: regexp.MustCompile(`(?s)Unable to create instance broken.*acme\.key`)},
		helper.TestStep{Config: m.hcl(accConfig(accBase, ""))},
		helper.TestStep{Config: m.hcl(accConfig(broken, "")), ExpectError: regexp.MustCompile(`(?s)Unable to update instance broken.*acme\.key`)},
		helper.TestStep{
			Config: m.hcl(accConfig(broken, "")), PlanOnly: true, ExpectNonEmptyPlan: true,
		},
		helper.TestStep{
			Config:           m.hcl(accConfig(accBase, "")),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
}

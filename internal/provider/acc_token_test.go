package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func (m manager) needsTokens(t *testing.T) {
	t.Helper()
	m.needs(t, "API tokens", func(client *orbit.Client) error {
		_, err := client.GetToken(t.Context(), m.workspace, "none")
		return err
	})
}

func (m manager) needsAccessTokens(t *testing.T) {
	t.Helper()
	m.needs(t, "access tokens", func(client *orbit.Client) error {
		return client.RevokeAccessToken(t.Context(), m.workspace, "none")
	})
}

const accToken = "orbit_workspace_token.pipeline"

func accTokenOf(arguments string) string {
	return "resource \"orbit_workspace_token\" \"pipeline\" {\n  workspace = \"WORKSPACE\"\n" + arguments +
		"\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n"
}

func TestAccTokenThroughItsLife(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "tokens")
	m.needsTokens(t)
	action := func(action plancheck.ResourceActionType) helper.ConfigPlanChecks {
		return helper.ConfigPlanChecks{
			PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(accToken, action)},
			PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
		}
	}
	var first string
	accept(
		t,
		helper.TestStep{
			Config:           m.hcl(accTokenOf("  role = \"reader\"\n  lifetime = \"720h\"\n  rotate_when_changed = { n = 1 }")),
			ConfigPlanChecks: action(plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectSensitiveValue(accToken, tfjsonpath.New("token")), is(accToken, "expires_at", knownvalue.NotNull()),
			},
			Check: func(state *terraform.State) error {
				first = state.RootModule().Resources[accToken].Primary.Attributes["token_id"]
				return nil
			},
		},
		helper.TestStep{
			Config:           m.hcl(accTokenOf("  role = \"workspace_admin\"\n  description = \"pipeline\"\n  lifetime = \"43200m\"\n  rotate_when_changed = { n = 1 }")),
			ConfigPlanChecks: action(plancheck.ResourceActionUpdate),
		},
		helper.TestStep{
			ResourceName: accToken, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "token_id",
			ImportStateIdFunc:       func(*terraform.State) (string, error) { return m.workspace + "/" + first, nil },
			ImportStateVerifyIgnore: []string{"token", "rotate_when_changed", "lifetime"},
		},
		helper.TestStep{
			Config:           m.hcl(accTokenOf("  role = \"workspace_admin\"\n  description = \"pipeline\"\n  lifetime = \"720h\"\n  rotate_when_changed = { n = 2 }")),
			ConfigPlanChecks: action(plancheck.ResourceActionReplace),
			Check: func(*terraform.State) error {
				if _, err := m.client(t).GetToken(t.Context(), m.workspace, first); !orbit.IsNotFound(err) {
					t.Errorf("the token of before is not revoked: %v", err)
				}
				return nil
			},
		},
		// Revoked behind Terraform's back.
		helper.TestStep{
			PreConfig: func() {
				client := m.client(t)
				page, err := client.ListTokens(t.Context(), m.workspace, orbit.PageOptions{})
				if err != nil || len(page.Items) != 1 {
					t.Fatal(page, err)
				}
				if err := client.RevokeToken(t.Context(), m.workspace, page.Items[0].ID); err != nil {
					t.Fatal(err)
				}
			},
			Config: m.hcl(accTokenOf(`  role = "reader"`)), ConfigPlanChecks: action(plancheck.ResourceActionCreate),
		},
	)
}

func TestAccATokenIsLimitedToItsWorkspaceAndRole(t *testing.T) {
	t.Parallel()
	m := realManager(t, "limited")
	m.needsTokens(t)
	var token string
	accept(t, helper.TestStep{
		Config: m.hcl(accTokenOf(`  role = "reader"`) + accConfig(accBase, "")),
		Check: func(state *terraform.State) error {
			token = state.RootModule().Resources[accToken].Primary.Attributes["token"]
			client, err := orbit.NewClient(orbit.ClientOptions{Endpoint: m.endpoint, Token: token})
			if err != nil {
				return err
			}
			if _, err := client.GetInstance(t.Context(), m.workspace); err != nil {
				t.Errorf("a reader cannot read its workspace: %v", err)
			}
			_, err = client.DeleteInstance(t.Context(), m.workspace, orbit.Precondition{})
			if !orbit.HasCode(err, orbit.CodeForbidden) {
				t.Errorf("a reader may delete: %v", err)
			}
			if _, err := client.GetInstance(t.Context(), "another"); err == nil {
				t.Error("another workspace can be read")
			}
			return nil
		},
	})
	client, err := orbit.NewClient(orbit.ClientOptions{Endpoint: m.endpoint, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetInstance(t.Context(), m.workspace); !orbit.HasCode(err, orbit.CodeUnauthorized) {
		t.Errorf("after the destroy it is still good: %v", err)
	}
}

func TestAccATokenIsImportedByItsIdentity(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "identified-token")
	m.needsTokens(t)
	helper.Test(t, helper.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: underTest(),
		Steps: []helper.TestStep{
			{Config: m.hcl(accTokenOf(`  role = "reader"`))},
			{ResourceName: accToken, ImportState: true, ImportStateKind: helper.ImportBlockWithResourceIdentity},
		},
	})
}

// accEcho configures another provider with a token of the instance that the same run makes.
const accEcho = `
ephemeral "orbit_backstage_token" "acme" {
  workspace = orbit_backstage_instance.acme.workspace
  api_url   = orbit_backstage_instance.acme.api_url
  lifetime  = "10m"
}

provider "echo" {
  data = {
    sent = ephemeral.orbit_backstage_token.acme.token != ""
    to   = ephemeral.orbit_backstage_token.acme.api_url
  }
}

resource "echo" "seen" {}
`

func TestAccAnotherProviderIsConfiguredWithABackstageTokenInOneRun(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "opened")
	m.needsAccessTokens(t)
	seen := func(path string, value knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("echo.seen", tfjsonpath.New("data").AtMapKey(path), value)
	}
	accept(t, helper.TestStep{
		Config: m.hcl(accConfig(accBase, "") + accEcho),
		ConfigStateChecks: []statecheck.StateCheck{
			seen("sent", knownvalue.Bool(true)), seen("to", knownvalue.StringRegexp(regexp.MustCompile(`^http://opened\..*/api$`))),
		},
	})
}

// The real Terraform, with files on the disk that can be searched.
func TestAccABackstageTokenIsInNoPlanAndNoState(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "unseen")
	m.needsAccessTokens(t)
	tf := newProject(t, m, m.own(accConfig(accBase, "")+`
ephemeral "orbit_backstage_token" "acme" {
  workspace = orbit_backstage_instance.acme.workspace
  api_url   = orbit_backstage_instance.acme.api_url
}

resource "orbit_backstage_instance" "other" {
  workspace           = "WORKSPACE-2"
  deletion_protection = false
  config              = "integrations: {github: [{host: github.com, token: \"$${TOKEN}\"}]}"
  secrets_wo          = { TOKEN = ephemeral.orbit_backstage_token.acme.token }
  secrets_wo_version  = 1
}
`))
	said := tf.plan(t) + tf.do(t, "apply", "plan") + tf.plan(t)
	want(t, said, "Opening", "Closing", "No changes.")
	if m.token == fakeToken && strings.Contains(said, tokenSecret) {
		t.Error("Terraform says the token")
	}
	for _, name := range []string{"plan", "terraform.tfstate"} {
		content, err := os.ReadFile(filepath.Join(tf.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content)+string(tf.show(t)), "orbit_s3cret_") || strings.Contains(string(content), "orbit_access_") {
			t.Errorf("%s has the token in it", name)
		}
	}
	tf.do(t, "destroy", "-auto-approve")
}

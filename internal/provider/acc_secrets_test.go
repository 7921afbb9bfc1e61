package provider_test

import (
	"fmt"
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
)

// plannedImpact checks what the plan says that the change costs.
func plannedImpact(address, impact string) helper.ConfigPlanChecks {
	return helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectKnownValue(address, tfjsonpath.New("change_impact"), knownvalue.StringExact(impact)),
	}}
}

func TestAccVariablesOfAnInstance(t *testing.T) {
	t.Parallel()
	m := realManager(t, "variables")
	config := `"app: {title: '$${TITLE}'}\nproxy: {endpoints: {/x: {target: 'https://x.example.com', headers: {Authorization: '$${HEADER}'}}}}"`
	variables := func(title, header string) string {
		return m.hcl(accConfig(config, fmt.Sprintf("  variables = { TITLE = %q, HEADER = %q }\n", title, header)))
	}
	accept(
		t,
		helper.TestStep{
			Config: variables("one", "one"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(accInstance, tfjsonpath.New("variables").AtMapKey("TITLE"), knownvalue.StringExact("one")),
				statecheck.ExpectKnownValue(accInstance, tfjsonpath.New("literal_secrets"), knownvalue.StringExact("warn")),
			},
		},
		helper.TestStep{Config: variables("one", "two"), ConfigPlanChecks: plannedImpact(accInstance, "live")},
		helper.TestStep{Config: variables("two", "two"), ConfigPlanChecks: plannedImpact(accInstance, "restart")},
		helper.TestStep{
			Config:           strings.Replace(variables("two", "two"), "variables =", "literal_secrets = \"deny\"\n  variables =", 1),
			ConfigPlanChecks: plannedImpact(accInstance, "none"),
		},
		helper.TestStep{
			ResourceName: accInstance, ImportState: true, ImportStateId: m.workspace, ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "workspace",
			ImportStateVerifyIgnore:              []string{"change_impact", "change_reasons", "restart_revision"},
		},
		helper.TestStep{
			Config:   m.hcl(accConfig(config, "  variables = { TITLE = \"x\", HEADER = \"y\" }\n  secrets_wo = { TITLE = \"z\" }\n  secrets_wo_version = 1\n")),
			PlanOnly: true, ExpectError: regexp.MustCompile(`TITLE is both a secret and a variable`),
		},
		// What the message says to write in HCL is the text itself.
		helper.TestStep{
			Config: m.hcl(accConfig(`"app: {title: '$$${TITLE}'}"`, "")),
			Check: func(*terraform.State) error {
				instance, err := m.client(t).GetInstance(t.Context(), m.workspace)
				if err == nil && instance.Config != "app: {title: '$${TITLE}'}" {
					err = fmt.Errorf("the config is %q", instance.Config)
				}
				return err
			},
		},
	)
}

const accTodo = "orbit_backstage_plugin.todo"

// accPlugin is an instance with a plugin that has secrets of its own.
func accPlugin(config, value string, version int) string {
	return accConfig("null", "") + fmt.Sprintf(`
resource "orbit_backstage_plugin" "todo" {
  workspace          = orbit_backstage_instance.acme.workspace
  package            = "@backstage-community/plugin-todo-backend"
  version            = "0.25.0"
  config             = %s
  secrets_wo         = { TOKEN = %q }
  secrets_wo_version = %d
}
`, config, value, version)
}

const (
	accPluginLive    = `"proxy: {endpoints: {/x: {target: 'https://x.example.com', headers: {Authorization: 'Bearer $${TOKEN}'}}}}"`
	accPluginRestart = `"todo: {token: '$${TOKEN}'}"`
)

func TestAccSecretsOfAPlugin(t *testing.T) {
	t.Parallel()
	m := realManager(t, "plugin-secrets")
	serves := func(value string) helper.TestCheckFunc {
		return func(*terraform.State) error {
			for _, process := range shared.Server(t).Runtime.Processes(m.workspace) {
				if strings.Contains(string(process.Config().Document), value) {
					return nil
				}
			}
			return fmt.Errorf("no process was given the value of version %s", value)
		}
	}
	accept(
		t,
		helper.TestStep{
			Config: m.hcl(accPlugin(accPluginLive, "first-value", 1)), Check: serves("Bearer first-value"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(accTodo, tfjsonpath.New("secrets_wo"), knownvalue.Null()),
				statecheck.ExpectKnownValue(accTodo, tfjsonpath.New("secrets_wo_version"), knownvalue.Int64Exact(1)),
			},
		},
		helper.TestStep{
			Config:           m.hcl(accPlugin(accPluginLive, "second-value", 1)),
			ConfigPlanChecks: helper.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		helper.TestStep{
			Config:           m.hcl(accPlugin(accPluginLive, "second-value", 2)),
			ConfigPlanChecks: plannedImpact(accTodo, "live"), Check: serves("Bearer second-value"),
		},
		helper.TestStep{
			ResourceName: accTodo, ImportState: true, ImportStateId: m.workspace + "/@backstage-community/plugin-todo-backend",
			ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "package",
			ImportStateVerifyIgnore: []string{"change_impact", "change_reasons", "restart_revision"},
		},
		helper.TestStep{Config: m.hcl(accPlugin(accPluginRestart, "second-value", 2)), Check: serves(`"token":"second-value"`)},
		helper.TestStep{
			Config:           m.hcl(accPlugin(accPluginRestart, "third-value", 3)),
			ConfigPlanChecks: plannedImpact(accTodo, "restart"), Check: serves(`"token":"third-value"`),
		},
		helper.TestStep{
			Config: m.hcl(accPlugin(accPluginRestart, "third-value", 3) +
				"data \"orbit_backstage_instance\" \"acme\" {\n  workspace = orbit_backstage_plugin.todo.workspace\n}\n"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.orbit_backstage_instance.acme",
					tfjsonpath.New("plugins").AtMapKey("@backstage-community/plugin-todo-backend").AtMapKey("secret_names"),
					knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("TOKEN")})),
			},
		},
	)
}

func TestAccNoSecretIsReadableInPlanOrState(t *testing.T) {
	t.Parallel()
	m := realManager(t, "unreadable")
	const value, rotated = "never-to-be-seen", "nor-is-this-one"
	// The value comes from outside, as it does for whoever keeps it out of the configuration.
	hcl := func(version int) string {
		return "variable \"token\" {\n  type      = string\n  ephemeral = true\n}\n" + strings.NewReplacer("WORKSPACE", m.workspace, `"TOKEN-VALUE"`, "var.token").
			Replace(accPlugin(accPluginRestart, "TOKEN-VALUE", version))
	}
	tf := newProject(t, m, hcl(1))
	tf.env = append(tf.env, "TF_VAR_token="+value)
	defer tf.do(t, "destroy", "-auto-approve")
	unseen := func(what string, content []byte) {
		t.Helper()
		if strings.Contains(string(content), value) || strings.Contains(string(content), rotated) {
			t.Errorf("%s shows a secret", what)
		}
	}
	unseen("planning", []byte(tf.plan(t)))
	unseen("the plan", tf.show(t))
	unseen("applying", []byte(tf.apply(t)))
	tf.write(t, hcl(2))
	tf.env = append(tf.env, "TF_VAR_token="+rotated)
	unseen("planning a rotation", []byte(tf.plan(t)))
	unseen("the plan of a rotation", tf.show(t))
	unseen("rotating", []byte(tf.apply(t)))
	files, err := filepath.Glob(filepath.Join(tf.dir, "*tfstate*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no state: %v", err)
	}
	for _, file := range append(files, filepath.Join(tf.dir, "plan")) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		unseen(filepath.Base(file), content)
	}
}

func TestAccConflictingPluginsNameBothResources(t *testing.T) {
	t.Parallel()
	m := realManager(t, "contrary")
	const pkg = "@backstage-community/plugin-todo-backend"
	both := accConfig("null", `  plugins = { "@acme/plugin-x-backend" = { version = "1.0.0", config = "x: {y: 1}" } }`) + `
resource "orbit_backstage_plugin" "todo" {
  workspace = orbit_backstage_instance.acme.workspace
  package   = "` + pkg + `"
  version   = "0.25.0"
  config    = "x: {y: 2}"
}
`
	accept(
		t,
		helper.TestStep{
			Config: m.hcl(both),
			ExpectError: regexp.MustCompile(`(?s)@acme/plugin-x-backend\s+\(in\s+plugins\s+of\s+orbit_backstage_instance,\s+id\s+contrary\)\s+and\s+` +
				pkg + `\s+\(orbit_backstage_plugin,\s+id\s+contrary/` + pkg + `\)\s+set\s+x\.y\s+to\s+different\s+values`),
		},
	)
}

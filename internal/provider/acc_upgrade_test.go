package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// A state file that an earlier version of the provider wrote is taken over by this one, without anything to do.
func TestAccAStateOfAnEarlierProviderPlansNothing(t *testing.T) {
	t.Parallel()
	m := realManager(t, "upgraded")
	configuration := m.own(`
resource "orbit_backstage_instance" "acme" {
  workspace           = "WORKSPACE"
  deletion_protection = false
  config              = "# the title comes first\napp: {title: Acme}\nbackend: {cors: {origin: \"http://a\"}}\nproxy: {endpoints: {/x: {target: \"https://x.example.com\", headers: {Authorization: \"$${TOKEN}\"}}}}\n"
  plugins             = { "@acme/plugin-found-backend" = { version = "^1.0.0", config = "found: {x: 1}\n" } }
  variables           = { REGION = "eu" }
  secrets_wo          = { TOKEN = "s3cret" }
  secrets_wo_version  = 1
  timeouts            = { create = "10m" }
}

resource "orbit_backstage_instance" "bare" {
  workspace           = "WORKSPACE-bare"
  deletion_protection = false
}

resource "orbit_backstage_plugin" "other" {
  workspace          = orbit_backstage_instance.acme.workspace
  package            = "@acme/plugin-other-backend"
  version            = "1.0.0"
  config             = "other: {token: \"$${TOKEN}\"}\n"
  secrets_wo         = { TOKEN = "s3cret" }
  secrets_wo_version = 2
}
`)
	tf := newProject(t, m, configuration)
	for _, pkg := range []string{"@acme/plugin-found-backend", "@acme/plugin-other-backend"} {
		shared.Server(t).Registry.Publish(pkg, "1.0.0", "1.2.0")
	}
	tf.apply(t)
	content, err := os.ReadFile("testdata/states/version-0.tfstate")
	if err != nil {
		t.Fatal(err)
	}
	instance, err := m.client(t).GetInstance(t.Context(), m.workspace)
	if err != nil {
		t.Fatal(err)
	}
	earlier := strings.NewReplacer(
		`"workspace": "acme"`, `"workspace": "`+m.workspace+`"`, `"workspace": "bare"`, `"workspace": "`+m.workspace+`-bare"`,
		"http://acme.localhost:7007", instance.URL, "http://bare.localhost:7007", strings.Replace(instance.URL, m.workspace, m.workspace+"-bare", 1),
		"backstage_acme", "backstage_"+m.workspace, "backstage_bare", instanceDatabase(t, m.client(t), m.workspace+"-bare"),
	).Replace(string(content))
	file := filepath.Join(tf.dir, "terraform.tfstate")
	if err := os.WriteFile(file, []byte(earlier), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, tf.plan(t), "No changes.")
	want(t, tf.plan(t, "-refresh=false"), "No changes.")
	want(t, tf.do(t, "apply", "-auto-approve"), "0 added, 0 changed, 0 destroyed")
	tf.do(t, "destroy", "-auto-approve")
}

func instanceDatabase(t *testing.T, client *orbit.Client, workspace string) string {
	t.Helper()
	instance, err := client.GetInstance(t.Context(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	return instance.DatabaseName
}

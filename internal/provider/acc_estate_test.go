package provider_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// storedSecrets is what Terraform writes of secrets that are stored.
var storedSecrets = regexp.MustCompile(`secrets_wo\s+= null # sensitive(\n\s+secrets_wo_version = 3\n)`)

const todo = "@backstage-community/plugin-todo-backend"

// TestAccAnEstateIsImportedWithoutAChange goes the way of the guide: what runs already is taken over with a configuration
// that Terraform wrote.
func TestAccAnEstateIsImportedWithoutAChange(t *testing.T) {
	t.Parallel()
	if onOpenTofu() {
		t.Skip("OpenTofu 1.12 generates a configuration that it cannot read")
	}
	m := realManager(t, "imported")
	client := m.client(t)
	settle := func(change *orbit.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if verdict, err := client.WaitChange(t.Context(), change.ID, nil); err != nil || verdict.State != orbit.ChangeApplied {
			t.Fatalf("the change is %v, %v", verdict, err)
		}
	}
	settle(client.PutInstance(t.Context(), m.workspace, orbit.IfAbsent(), orbit.InstanceWrite{
		InstanceSpec: orbit.InstanceSpec{
			Release: "1.55.0", MemoryLimitMiB: 512, DeletionProtection: true, RestartPolicy: orbit.RestartManual, SecretsVersion: 3,
			Config:  "app: {title: Imported} # a remark\nintegrations: {github: [{host: github.com, token: '${TOKEN}'}]}\n",
			Plugins: map[string]orbit.PluginSpec{"@backstage-community/plugin-badges-backend": {Version: "0.9.0"}},
		},
		Secrets: map[string]string{"TOKEN": "a"},
	}))
	settle(client.PutPlugin(t.Context(), m.workspace, todo, orbit.IfAbsent(), orbit.PluginWrite{
		PluginSpec: orbit.PluginSpec{Version: "^0.25.0", Config: "todo: {}"},
	}))
	before := m.instance(t)

	tf := newProject(t, m, "provider \"orbit\" {}\n")
	writeFile(t, filepath.Join(tf.dir, "import.tf"), fmt.Sprintf(`
import {
  to = orbit_backstage_instance.it
  id = %[1]q
}

import {
  to = orbit_backstage_plugin.todo
  id = "%[1]s/%[2]s"
}
`, m.workspace, todo))
	want(t, tf.do(t, "plan", "-generate-config-out=generated.tf"), "Plan: 2 to import, 0 to add, 0 to change, 0 to destroy.")
	want(t, tf.apply(t), "Resources: 2 imported, 0 added, 0 changed, 0 destroyed.")

	// The values of secrets, which nobody can read, are written beside their number, and another form of a document.
	generated := filepath.Join(tf.dir, "generated.tf")
	hcl := readFile(t, generated)
	hcl = storedSecrets.ReplaceAllString(hcl, "secrets_wo = { TOKEN = \"a\" }$1")
	hcl = strings.Replace(hcl, `"todo: {}"`, "jsonencode({ todo = {} })", 1)
	if strings.Count(hcl, "TOKEN =") != 1 || !strings.Contains(hcl, "jsonencode") {
		t.Fatalf("the generated configuration is another than the guide's:\n%s", hcl)
	}
	writeFile(t, generated, hcl)
	want(t, tf.plan(t), "No changes.")
	if after := m.instance(t); after.Generation != before.Generation || after.Status.PID != before.Status.PID {
		t.Errorf("the import changed the instance: generation %d, pid %d, before %d, %d", after.Generation, after.Status.PID, before.Generation,
			before.Status.PID)
	}
}

// TestAccAPluginMovesBetweenTheMapAndAResource shows what the guide says a move costs: nothing, in the right order.
func TestAccAPluginMovesBetweenTheMapAndAResource(t *testing.T) {
	t.Parallel()
	m := realManager(t, "moving")
	instance := func(policy, plugins string) string {
		return fmt.Sprintf(`
resource "orbit_backstage_instance" "it" {
  workspace           = %q
  deletion_protection = false
  restart_policy      = %q
  plugins             = %s
}
`, m.workspace, policy, plugins)
	}
	const own = `{ "` + todo + `" = { version = "0.25.0" } }`
	const resource = `
resource "orbit_backstage_plugin" "todo" {
  workspace = orbit_backstage_instance.it.workspace
  package   = "` + todo + `"
  version   = "0.25.0"
}
`
	tf := newProject(t, m, instance("auto", own))
	tf.apply(t)
	pid := m.instance(t).Status.PID
	for _, step := range []struct{ name, hcl string }{
		{"out of the map, under manual", instance("manual", "null") + resource},
		{"the policy set back", instance("auto", "null") + resource},
		{"into the map again, under manual", instance("manual", own)},
		{"the policy set back once more", instance("auto", own)},
	} {
		tf.write(t, step.hcl)
		tf.apply(t)
		status := m.instance(t).Status
		if status.PID != pid || status.PendingRestart {
			t.Errorf("%s: pid %d, pending restart %t; want pid %d and nothing pending", step.name, status.PID, status.PendingRestart, pid)
		}
		want(t, tf.plan(t), "No changes.")
	}
}

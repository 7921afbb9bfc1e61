package provider_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAccTheModulePassesItsOwnTests(t *testing.T) {
	t.Parallel()
	m := realManager(t, "module-test")
	tf := openProject(t, m, filepath.Join(copyExamples(t), "modules/workspace"))
	tf.do(t, "init")
	want(t, tf.do(t, "test"), "tests/documents.tftest.hcl... pass", "tests/policies.tftest.hcl... pass", "tests/orbitd.tftest.hcl... pass",
		"Success!", " passed, 0 failed.")
}

// One configuration goes from the first apply in dev to a change that production's policy holds back.
func TestAccTheModuleServesEveryEnvironment(t *testing.T) {
	t.Parallel()
	m := realManager(t, "estate")
	dir := filepath.Join(copyExamples(t), "environments")
	for _, name := range []string{"dev.tfvars", "production.tfvars"} {
		file := filepath.Join(dir, name)
		writeFile(t, file, strings.NewReplacer("acme =", m.workspace+" =", "globex =", m.workspace+"-2 =").Replace(readFile(t, file)))
	}
	tf := openProject(t, m, dir)
	tf.env = append(tf.env, `TF_VAR_secrets={"estate":{"GITHUB_TOKEN":"a"},"estate-2":{"GITHUB_TOKEN":"b"}}`)
	tf.do(t, "init")
	tf.apply(t, "-var-file=dev.tfvars")
	if got := m.instance(t).Labels; got["environment"] != "dev" || got["team"] != "payments" || got["managed-by"] != "terraform" {
		t.Errorf("labels = %v, want those of the provider and the module", got)
	}
	want(t, tf.plan(t, "-var-file=dev.tfvars"), "No changes.")

	// The same state under production's variables: what costs a restart waits for the window.
	said := tf.refuse(t, "plan", "-var-file=production.tfvars")
	want(t, said, "Error: Instance estate must not be restarted", "memory_limit_mib: restart")
	want(t, tf.plan(t, "-var-file=production.tfvars", "-var=in_window=true"), "Plan: 1 to add, 1 to change, 0 to destroy.")

	file := filepath.Join(dir, "production.tfvars")
	writeFile(t, file, strings.Replace(readFile(t, file), `"0.25.0"`, `"^0.25.0"`, 1))
	want(t, tf.refuse(t, "plan", "-var-file=production.tfvars", "-var=in_window=true"),
		"Error: Resource precondition failed", "Workspace estate takes exact plugin versions, and these are ranges: @backstage-community/plugin-todo-backend ^0.25.0.")

	tf.do(t, "destroy", "-auto-approve", "-var-file=dev.tfvars")
}

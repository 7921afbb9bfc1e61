package provider_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// accPolicy is an instance, and perhaps its plugin, under a restart policy.
func accPolicy(policy, origin, plugin string) string {
	hcl := fmt.Sprintf(`
resource "orbit_backstage_instance" "acme" {
  workspace           = "WORKSPACE"
  deletion_protection = false
  restart_policy      = %q
  config              = yamlencode({ backend = { cors = { origin = %q } } })
}
`, policy, origin)
	if plugin == "" {
		return hcl
	}
	return hcl + fmt.Sprintf(`
resource "orbit_backstage_plugin" "todo" {
  workspace = orbit_backstage_instance.acme.workspace
  package   = "@backstage-community/plugin-todo-backend"
  version   = %q
}
`, plugin)
}

// instance is what orbitd has of the test's workspace.
func (m manager) instance(t *testing.T) *orbit.Instance {
	t.Helper()
	instance, err := m.client(t).GetInstance(t.Context(), m.workspace)
	if err != nil {
		t.Fatal(err)
	}
	return instance
}

// example is an example with the test's own workspace.
func (m manager) example(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile("../../examples/" + name + "/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(workspace +=) "acme"`).ReplaceAllString(string(content), `$1 "`+m.workspace+`"`)
}

// own writes a configuration for the test's workspace.
func (m manager) own(hcl string) string { return strings.ReplaceAll(hcl, "WORKSPACE", m.workspace) }

func TestAccForbidFailsThePlanAndLetsLiveChangesThrough(t *testing.T) {
	t.Parallel()
	m := realManager(t, "forbid")
	tf := newProject(t, m, m.example(t, "maintenance-window"))
	const address = "orbit_backstage_instance.acme"
	tf.apply(t)
	pid := m.instance(t).Status.PID

	tf.plan(t, "-var=proxy_target=https://other.example.com")
	wantChange(t, tf.planned(t, address), object{"change_impact": "live", "restart_revision": 0, "pending_restart": false})
	tf.do(t, "apply", "plan")

	said := tf.refuse(t, "plan", "-var=proxy_target=https://other.example.com", "-var=cors_origin=https://other.example.com")
	want(t, said, "Error: Instance forbid must not be restarted", "backend.cors.origin: restart, because it changed",
		`restart_policy = var.in_window ? "auto" : "forbid"`, "with orbit_backstage_instance.acme")
	if got := m.instance(t).Status.PID; got != pid {
		t.Errorf("pid = %d, was %d: it was restarted", got, pid)
	}

	window := []string{"-var=in_window=true", "-var=proxy_target=https://other.example.com", "-var=cors_origin=https://other.example.com"}
	want(t, tf.plan(t, window...), "Instance forbid will be restarted")
	wantChange(t, tf.planned(t, address), object{"change_impact": "restart", "restart_revision": unknown, "pending_restart": false})
	tf.do(t, "apply", "plan")
	want(t, tf.do(t, append([]string{"plan", "-detailed-exitcode"}, window...)...), "No changes")
}

func TestAccManualStoresUntilItIsAutoAgain(t *testing.T) {
	t.Parallel()
	m := realManager(t, "manual")
	hcl := func(policy, origin, plugin string) string { return m.own(accPolicy(policy, origin, plugin)) }
	const address = "orbit_backstage_instance.acme"
	tf := newProject(t, m, hcl("manual", "http://a", ""))
	tf.apply(t)
	pid := m.instance(t).Status.PID

	tf.write(t, hcl("manual", "http://b", "0.25.0"))
	said := tf.plan(t)
	want(t, said, "Warning: Instance manual will wait for a restart", "backend.cors.origin: restart", "POST /v1/instances/manual/restart",
		"and one more similar warning elsewhere")
	wantChange(t, tf.planned(t, address), object{"change_impact": "restart", "restart_revision": 0, "pending_restart": unknown})
	said = tf.do(t, "apply", "plan")
	want(t, said, "Warning: Instance manual waits for a restart", "and one more similar warning elsewhere")
	if got := strings.Count(said, "Warning: Instance manual waits for a restart"); got != 1 {
		t.Errorf("%d warnings, want one for the instance:\n%s", got, said)
	}
	if status := m.instance(t).Status; status.PID != pid || !status.PendingRestart {
		t.Errorf("pid = %d, was %d; pending = %v, want the same process and true", status.PID, pid, status.PendingRestart)
	}
	want(t, tf.do(t, "plan", "-detailed-exitcode"), "No changes")

	tf.write(t, hcl("auto", "http://b", "0.25.0"))
	want(t, tf.plan(t), "Warning: Instance manual will be restarted", "restart_policy: restart, because stored changes wait")
	wantChange(t, tf.planned(t, address), object{"change_impact": "restart", "restart_revision": unknown, "pending_restart": unknown})
	tf.do(t, "apply", "plan")
	if status := m.instance(t).Status; status.PID == pid || status.PendingRestart {
		t.Errorf("pid = %d, was %d; pending = %v, want another process and false", status.PID, pid, status.PendingRestart)
	}
	want(t, tf.do(t, "plan", "-detailed-exitcode"), "No changes")
}

func TestAccAChangeBackToWhatRunsIsNoRestart(t *testing.T) {
	t.Parallel()
	m := realManager(t, "back")
	hcl := func(policy, origin string) string { return m.own(accPolicy(policy, origin, "")) }
	const address = "orbit_backstage_instance.acme"
	tf := newProject(t, m, hcl("manual", "http://a"))
	tf.apply(t)
	pid := m.instance(t).Status.PID
	for _, policy := range []string{"forbid", "auto"} {
		tf.write(t, hcl("manual", "http://b"))
		tf.apply(t)
		tf.write(t, hcl(policy, "http://a"))
		if said := tf.plan(t); strings.Contains(said, "Warning: ") {
			t.Errorf("%s: the plan warns of a restart:\n%s", policy, said)
		}
		tf.do(t, "apply", "plan")
		if status := m.instance(t).Status; status.PID != pid || status.PendingRestart {
			t.Errorf("%s: pid = %d, was %d; pending = %v, want the same process and false", policy, status.PID, pid, status.PendingRestart)
		}
		want(t, tf.do(t, "plan", "-detailed-exitcode"), "No changes")
	}
	tf.plan(t)
	wantChange(t, tf.planned(t, address), object{"restart_revision": 0, "pending_restart": false})
}

func TestAccAStoredChangeIsRolledOutByTheRestartThatIsAskedFor(t *testing.T) {
	t.Parallel()
	m := realManager(t, "asked")
	tf := newProject(t, m, m.own(accPolicy("manual", "http://a", "")))
	tf.apply(t)
	tf.write(t, m.own(accPolicy("manual", "http://b", "")))
	tf.apply(t)
	client := m.client(t)
	change, err := client.RestartInstance(t.Context(), m.workspace, orbit.RestartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.WaitChange(t.Context(), change.ID, nil); err != nil {
		t.Fatal(err)
	}
	want(t, tf.do(t, "plan", "-detailed-exitcode"), "No changes")
	// Nothing waits any more, so the policy alone costs nothing.
	tf.write(t, m.own(accPolicy("auto", "http://b", "")))
	tf.plan(t)
	wantChange(t, tf.planned(t, "orbit_backstage_instance.acme"), object{"change_impact": "none", "pending_restart": false})
	tf.do(t, "apply", "plan")
}

func TestAccAPluginObeysTheStoredPolicy(t *testing.T) {
	t.Parallel()
	m := realManager(t, "stored")
	hcl := func(policy, plugin string) string { return m.own(accPolicy(policy, "http://a", plugin)) }
	tf := newProject(t, m, hcl("auto", "0.24.0"))
	tf.apply(t)
	tf.write(t, hcl("forbid", "0.24.0"))
	tf.apply(t)
	for name, config := range map[string]string{
		"update": hcl("forbid", "0.25.0"), "delete": hcl("forbid", ""), "update, with a policy that is not applied yet": hcl("auto", "0.25.0"),
	} {
		tf.write(t, config)
		said := tf.refuse(t, "plan")
		want(t, said, "Error: Instance stored must not be restarted", "plugin-todo-backend", "obeys the restart_policy that is stored",
			"terraform apply -target=")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	tf.write(t, hcl("auto", "0.25.0"))
	tf.apply(t, "-target=orbit_backstage_instance.acme")
	tf.apply(t)

	// A policy that moves after the plan is orbitd's to obey, also where a plugin goes.
	tf.write(t, hcl("auto", ""))
	tf.plan(t)
	m.forbid(t)
	want(t, tf.refuse(t, "apply", "plan"), "Error: Unable to delete plugin", "restart_policy is forbid", "nothing was touched")
	if _, err := m.client(t).GetPlugin(t.Context(), m.workspace, "@backstage-community/plugin-todo-backend"); err != nil {
		t.Errorf("the plugin is gone: %v", err)
	}
}

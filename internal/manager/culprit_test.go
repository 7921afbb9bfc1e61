package manager_test

import (
	"fmt"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// putPlugin writes a new plugin resource and returns the change as it was accepted.
func putPlugin(t *testing.T, c *orbit.Client, workspace, name, version string) *orbit.Change {
	t.Helper()
	change, err := c.PutPlugin(t.Context(), workspace, name, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: version}})
	if err != nil {
		t.Fatal(err)
	}
	return change
}

// plugins writes plugin resources at the same time and returns their fates by name.
func plugins(t *testing.T, c *orbit.Client, workspace string, configs map[string]string) map[string]*orbit.Change {
	t.Helper()
	changes := map[string]*orbit.Change{}
	for name, config := range configs {
		change, err := c.PutPlugin(t.Context(), workspace, name, orbit.IfAbsent(),
			orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "1.0.0", Config: config}})
		if err != nil {
			t.Fatal(err)
		}
		changes[name] = change
	}
	for name, change := range changes {
		changes[name] = settle(t, c, change)
	}
	return changes
}

func TestThePluginThatFailsIsTakenOutAndTheOthersGoAhead(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "culprit", title("Culprit"))
	before := boots(s, "culprit")
	fates := plugins(t, c, "culprit", map[string]string{
		"@acme/plugin-one-backend": "one: {}\n", brokenPlugin: "broken: {title: " + brokenTitle + "}\n", "@acme/plugin-two-backend": "two: {}\n",
	})
	for name, change := range fates {
		want := orbit.ChangeApplied
		if name == brokenPlugin {
			want = orbit.ChangeFailed
		}
		if change.State != want {
			t.Errorf("the change of %s is %s (%v), want %s", name, change.State, change.Problem, want)
		}
	}
	if got := boots(s, "culprit") - before; got != 2 {
		t.Errorf("%d processes were given a config, want 2: with the culprit and without it", got)
	}
	if _, err := c.GetPlugin(t.Context(), "culprit", brokenPlugin); !orbit.IsNotFound(err) {
		t.Errorf("reading the failed plugin gives %v, want not found", err)
	}
	remove(t, c, "culprit")
}

func TestWithoutACulpritTheBatchIsTriedInHalves(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "halves", title("Halves"))
	configs := map[string]string{"@acme/plugin-bad-backend": "bad: {title: " + namelessTitle + "}\n"}
	for n := range 7 {
		configs[fmt.Sprintf("@acme/plugin-p%d-backend", n)] = fmt.Sprintf("p%d: {}\n", n)
	}
	for name, change := range plugins(t, c, "halves", configs) {
		want := orbit.ChangeApplied
		if name == "@acme/plugin-bad-backend" {
			want = orbit.ChangeFailed
		}
		if change.State != want {
			t.Errorf("the change of %s is %s (%v), want %s", name, change.State, change.Problem, want)
		}
	}
	page, err := c.ListPlugins(t.Context(), "halves", orbit.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 7 {
		t.Errorf("%d plugins are declared, want the 7 good ones", len(page.Items))
	}
	if phase := instance(t, c, "halves").Status.Phase; phase != orbit.PhaseReady {
		t.Errorf("the instance is %s, want Ready", phase)
	}
	remove(t, c, "halves")
}

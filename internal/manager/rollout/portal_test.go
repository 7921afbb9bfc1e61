package rollout_test

import (
	"encoding/json"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// appOf is what the process that serves was told of the web app.
func (o *orbitd) appOf(t *testing.T) (now, earlier string) {
	t.Helper()
	_, id := o.ask(t)
	for _, p := range o.world.processes.Processes(o.world.workspace) {
		if p.Handle().ID != id {
			continue
		}
		var config struct {
			App struct{ PackageName, EarlierPackageName string }
		}
		if err := json.Unmarshal(p.Config().Document, &config); err != nil {
			t.Fatal(err)
		}
		return config.App.PackageName, config.App.EarlierPackageName
	}
	t.Fatalf("no process %q", id)
	return "", ""
}

func TestAnInstanceServesTheWebAppOfItsFrontendPlugins(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, fake.Options{}, func(t *testing.T, w *world, wires []*managertest.Wire) {
		o := w.start(t, wires[0], nil)
		write := declared(nil, nil)
		expect := func(wantNow, wantEarlier string) {
			t.Helper()
			o.applied(t, o.put(t, write))
			if now, earlier := o.appOf(t); now != wantNow || earlier != wantEarlier {
				t.Errorf("the process serves %q and before that %q, want %q and %q", now, earlier, wantNow, wantEarlier)
			}
		}
		expect("/cache/app of 1.55.0", "")

		write.Plugins = map[string]orbit.PluginSpec{"jenkins": {Version: "1.0.0"}, "graph-ui": {Version: "1.0.0"}}
		expect("/cache/app of 1.55.0 graph-ui", "/cache/app of 1.55.0")
		// A restart for another reason: who opened the portal before both still has the first app open.
		write.MemoryLimitMiB = 2048
		expect("/cache/app of 1.55.0 graph-ui", "/cache/app of 1.55.0")

		write.UI = new(false)
		expect("", "")
		write.UI = nil
		expect("/cache/app of 1.55.0 graph-ui", "")
	})
}

func TestAFrontendThatDoesNotBuildIsPutBackAndTheOldAppStays(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, fake.Options{}, func(t *testing.T, w *world, wires []*managertest.Wire) {
		o := w.start(t, wires[0], nil)
		o.applied(t, o.put(t, declared(nil, nil)))
		_, before := o.ask(t)

		change, err := o.putPlugin(t.Context(), "broken-ui", "1.0.0", "")
		if err != nil {
			t.Fatal(err)
		}
		change = o.settle(t, change)
		problem := change.Problem
		if change.State != orbit.ChangeFailed || problem == nil || problem.Code != orbit.CodeAppBuildFailed || problem.Plugin != "broken-ui" {
			t.Fatalf("the change is %s: %+v", change.State, problem)
		}
		if _, after := o.ask(t); after != before {
			t.Errorf("process %s serves, %s did before", after, before)
		}
	})
}

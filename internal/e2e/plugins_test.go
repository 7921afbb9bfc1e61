package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// starting is a plugin of the new backend system that does this when it starts, as its author's package would.
func starting(name, id, does string) npmtest.Package {
	p := npmtest.Plugin(name, "1.0.0", id)
	p.Files["index.js"] = fmt.Sprintf(`const { createBackendPlugin } = require('@backstage/backend-plugin-api');
exports.default = createBackendPlugin({
  pluginId: %q,
  register: env => env.registerInit({ deps: {}, init: async () => { %s } }),
});
`, id, does)
	return p
}

// TestPluginsThatMisbehave adds plugins of a private registry to a real Backstage, one after the other.
func TestPluginsThatMisbehave(t *testing.T) {
	t.Parallel()
	registry := npmtest.NewRegistry(t,
		starting("@acme/plugin-good-backend", "good", ""),
		starting("@acme/plugin-hanging-backend", "hanging", "await new Promise(() => {});"),
		starting("@acme/plugin-exiting-backend", "exiting", "process.exit(3);"),
		starting("@acme/plugin-throwing-backend", "throwing", "throw new Error('no good');"),
	)
	w := &world{dir: openFolder(t)}
	cache := managertest.BorrowRelease(t)
	w.launch(t, registry.Client().Env, "--drain-timeout", "1s", "--cache-dir", cache, "--allow-packages", "@acme/*")
	change, err := w.client.PutInstance(t.Context(), "globex", orbit.IfAbsent(), orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{
		Release: "1.55.0", Config: "app: {title: Globex}\n", MemoryLimitMiB: orbit.DefaultMemoryLimitMiB,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if fate := w.fate(t, change); fate.State != orbit.ChangeApplied {
		t.Fatalf("the instance is %s: %v", fate.State, fate.Problem)
	}
	good := w.add(t, "@acme/plugin-good-backend", 0)
	if good.State != orbit.ChangeApplied {
		t.Fatalf("the good plugin is %s: %v", good.State, good.Problem)
	}
	before := w.instance(t, "globex")
	for _, c := range []struct {
		name     string
		deadline int
		code     orbit.Code
		says     string
	}{
		{"@acme/plugin-throwing-backend", 0, orbit.CodeBootFailed, "no good"},
		{"@acme/plugin-exiting-backend", 0, orbit.CodeProcessExited, "3"},
		{"@acme/plugin-hanging-backend", 40, orbit.CodeBootTimeout, ""},
	} {
		fate := w.add(t, c.name, c.deadline)
		if fate.State != orbit.ChangeFailed || fate.Problem.Code != c.code || !strings.Contains(fate.Problem.Detail, c.says) {
			t.Errorf("%s is %s with %+v, want failed with %s", c.name, fate.State, fate.Problem, c.code)
		}
		if _, err := w.client.GetPlugin(t.Context(), "globex", c.name); !orbit.IsNotFound(err) {
			t.Errorf("reading %s gives %v, want not found", c.name, err)
		}
	}
	if after := w.instance(t, "globex"); after.Status.PID != before.Status.PID || after.Status.Phase != orbit.PhaseReady {
		t.Errorf("%d serves in phase %s, want %d all the while, and Ready", after.Status.PID, after.Status.Phase, before.Status.PID)
	}
}

// add adds a plugin and returns the change when its fate is known.
func (w *world) add(t *testing.T, name string, deadlineSeconds int) *orbit.Change {
	t.Helper()
	change, err := w.client.PutPlugin(t.Context(), "globex", name, orbit.IfAbsent(), orbit.PluginWrite{
		PluginSpec: orbit.PluginSpec{Version: "^1.0.0"}, WriteOptions: orbit.WriteOptions{DeadlineSeconds: deadlineSeconds},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.fate(t, change)
}

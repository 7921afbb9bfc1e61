package e2e_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// appBuilds is the variable that has the test below run. It builds two web apps, which takes some minutes.
const appBuilds = "ORBIT_TEST_APP_BUILDS"

// Frontend plugins that the shared app does not have: one that builds, and one that needs a package which it does not name.
func TestFrontendPlugins(t *testing.T) {
	t.Parallel()
	if os.Getenv(appBuilds) == "" {
		t.Skip("builds web apps: set " + appBuilds)
	}
	if os.Getenv("ORBIT_TEST_BUNDLE") == "" {
		t.Skip("needs the release installed (ORBIT_TEST_BUNDLE): make test sees to it")
	}
	w := &world{dir: openFolder(t)}
	w.launch(t, nil, "--drain-timeout", "1s")
	change, err := w.client.PutInstance(t.Context(), "globex", orbit.IfAbsent(), orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{
		Release: "1.55.0", Config: "app: {title: Globex}\n", MemoryLimitMiB: orbit.DefaultMemoryLimitMiB,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if fate := w.fate(t, change); fate.State != orbit.ChangeApplied {
		t.Fatalf("the first boot is %s: %v", fate.State, fate.Problem)
	}
	add := func(name, version, config string) *orbit.Change {
		t.Helper()
		change, err := w.client.PutPlugin(t.Context(), "globex", name, orbit.IfAbsent(),
			orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: version, Config: config}})
		if err != nil {
			t.Fatal(err)
		}
		return w.fate(t, change)
	}
	shared := w.instance(t, "globex").Status.App

	const grafana = "@backstage-community/plugin-grafana"
	if fate := add(grafana, "0.21.0", ""); fate.State != orbit.ChangeFailed || fate.Problem == nil || fate.Problem.Code != orbit.CodeMissingKey || fate.Problem.Plugin != grafana {
		t.Fatalf("%s without the key that it needs is %s: %v", grafana, fate.State, fate.Problem)
	}
	if fate := add(grafana, "0.21.0", "grafana: {domain: 'https://grafana.example.com'}"); fate.State != orbit.ChangeApplied || fate.Impact != orbit.ImpactRestart {
		t.Fatalf("%s is %s with impact %s: %v", grafana, fate.State, fate.Impact, fate.Problem)
	}
	own := w.instance(t, "globex").Status
	if own.App == shared || own.App == "" {
		t.Errorf("the instance serves the app %s, as before", own.App)
	}

	const gitlab = "@immobiliarelabs/backstage-plugin-gitlab"
	fate := add(gitlab, "7.0.1", "")
	if p := fate.Problem; fate.State != orbit.ChangeFailed || p == nil || p.Code != orbit.CodeAppBuildFailed || p.Plugin != gitlab ||
		!strings.Contains(p.Detail, "Can't resolve '@gitbeaker/rest'") {
		t.Errorf("%s is %s: %v", gitlab, fate.State, fate.Problem)
	}
	if after := w.instance(t, "globex").Status; after.PID != own.PID || after.App != own.App {
		t.Errorf("process %d serves %s, want %d and %s", after.PID, after.App, own.PID, own.App)
	}
	if answer := w.get(t, "globex", request{path: "/"}); answer.status != http.StatusOK || !strings.Contains(answer.body, "<title>Globex</title>") {
		t.Errorf("the portal answers %d: %.200s", answer.status, answer.body)
	}
}

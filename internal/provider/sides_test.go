package provider_test

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const graphsPackage = "@acme/plugin-graphs"

// because is the one reason of a plan.
func because(t *testing.T, p planned) string {
	t.Helper()
	reasons, _ := p.get("change_reasons").([]any)
	if len(reasons) != 1 {
		t.Fatalf("%d reasons, want one: %v", len(reasons), reasons)
	}
	return reasons[0].(object)["because"].(string)
}

func TestAnotherVersionOfAPartOfTheWebAppIsPlannedAsTheRestartThatItIs(t *testing.T) {
	t.Parallel()
	bearersOf(t, graphsPackage, func(t *testing.T, api *fakeAPI, b bearer) {
		t.Helper()
		api.frontend = map[string]bool{graphsPackage: true}
		b.createdWith(t, "1.0.0")
		p := b.planVersion(t, "1.1.0", "1.1.0", "restart") // what the write answered tells
		want(t, because(t, p), "a process is told when it starts which web app it serves")
		must(t, "refresh", b.refresh(t))
		must(t, "update", b.apply(t, b.planVersion(t, "1.1.0", "1.1.0", "restart")))
		writes := api.sent("PUT")
		last := writes[len(writes)-1]
		if got := last.Plugin.MaxImpact + last.Instance.MaxImpact; got != orbit.ImpactRestart {
			t.Errorf("the write's max_impact is %s, want restart", got)
		}
	})
}

func TestRemovingAPartOfTheWebAppLeavesNoTables(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]string{argoCDPackage: "A process cannot unload a plugin", graphsPackage: "A process is told when it starts which web app"} {
		api := newFakeAPI(t)
		api.frontend = map[string]bool{graphsPackage: true}
		plugin := existingPlugin(t, api, object{"workspace": "acme", "package": name, "version": "1.0.0"})
		p := plugin.plan(t, nil)
		must(t, "plan", p.diags)
		want(t, p.diags.warnings(), "removes plugin "+name+". "+of)
		if tells := strings.Contains(p.diags.warnings(), "Its tables stay"); tells == api.frontend[name] {
			t.Errorf("%s: %s", name, p.diags.warnings())
		}
	}
}

func TestAPlanThatCannotTellThePluginsSideSaysSo(t *testing.T) {
	t.Parallel()
	bearersOf(t, graphsPackage, func(t *testing.T, api *fakeAPI, b bearer) {
		t.Helper()
		api.frontend = map[string]bool{graphsPackage: true}
		b.createdWith(t, "1.0.0")
		kept := b.private
		b.private = nil // as a provider left it that did not ask
		p := b.planVersion(t, "1.1.0", "1.1.0", "upgrade")
		want(t, because(t, p), "code of another version meets the database, unless it is a part of the web app")
		b.private = kept
		b.planVersion(t, "1.1.0", "1.1.0", "restart")
		b.private = nil
		must(t, "refresh", b.refresh(t))
		b.planVersion(t, "1.1.0", "1.1.0", "restart")
	})
}

func TestAPlanTellsTheSidesApart(t *testing.T) {
	t.Parallel()
	bearersOf(t, graphsPackage, func(t *testing.T, _ *fakeAPI, b bearer) {
		t.Helper()
		b.createdWith(t, "1.0.0")
		p := b.planVersion(t, "1.1.0", "1.1.0", "upgrade")
		if why := because(t, p); strings.Contains(why, "web app") {
			t.Errorf("orbitd said that it is of the backend, and the plan says %q", why)
		}
	})
}

// No side of a module of the web app is known before it is added, and its name is none of the backend's.
func TestAddingAModuleOfTheWebAppIsARestart(t *testing.T) {
	t.Parallel()
	for name, impact := range map[string]string{
		"@acme/plugin-techdocs-module-addons": "restart", "@acme/plugin-catalog-backend-module-x": "upgrade",
	} {
		plugin := coreFor(t, newFakeAPI(t)).plugin()
		p := plugin.plan(t, object{"workspace": "acme", "package": name, "version": "1.0.0"})
		must(t, "plan", p.diags)
		if p.get("change_impact") != impact {
			t.Errorf("%s is planned with impact %v, want %s", name, p.get("change_impact"), impact)
		}
	}
}

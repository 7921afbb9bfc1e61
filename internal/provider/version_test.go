package provider_test

import (
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const rangedPackage = "@acme/plugin-x-backend"

// bearer is one of the two resources that declare a plugin with a version.
type bearer struct {
	*resource
	// config declares the plugin in this version; the config of the plugin is title.
	config func(version any, title string) object
	// version and resolved are read from a plan or a state.
	version, resolved func(get func(string) any) any
}

// bearers runs a test for the plugin's own resource and for the instance's map.
func bearers(t *testing.T, test func(t *testing.T, api *fakeAPI, b bearer)) {
	t.Helper()
	bearersOf(t, rangedPackage, test)
}

func bearersOf(t *testing.T, pkg string, test func(t *testing.T, api *fakeAPI, b bearer)) {
	t.Helper()
	t.Run("plugin", func(t *testing.T) {
		t.Parallel()
		api := newFakeAPI(t)
		own := func(name string) func(func(string) any) any {
			return func(get func(string) any) any { return get(name) }
		}
		test(t, api, bearer{coreFor(t, api).plugin(), func(version any, title string) object {
			return object{"workspace": "acme", "package": pkg, "version": version, "config": "x: {title: " + title + "}\n"}
		}, own("version"), own("resolved_version")})
	})
	t.Run("instance", func(t *testing.T) {
		t.Parallel()
		api := newFakeAPI(t)
		entry := func(name string) func(func(string) any) any {
			return func(get func(string) any) any { return get("plugins").(object)[pkg].(object)[name] }
		}
		test(t, api, bearer{coreFor(t, api).instance(), func(version any, title string) object {
			return with(acme(), object{"plugins": object{pkg: object{"version": version, "config": "x: {title: " + title + "}\n"}}})
		}, entry("version"), entry("resolved_version")})
	})
}

// planVersion plans the version and compares what is planned.
func (b bearer) planVersion(t *testing.T, version any, resolved, impact any) planned {
	t.Helper()
	p := b.plan(t, b.config(version, "a"))
	must(t, "plan", p.diags)
	if got := b.resolved(p.get); got != resolved {
		t.Errorf("%v is planned as %v, want %v", version, got, resolved)
	}
	if got := p.get("change_impact"); got != impact {
		t.Errorf("%v is planned with impact %v, want %v", version, got, impact)
	}
	return p
}

func (b bearer) createdWith(t *testing.T, version string) {
	t.Helper()
	must(t, "create", b.apply(t, b.plan(t, b.config(version, "a"))))
}

func TestWhatARangeMeansIsKnownAtPlanAndStays(t *testing.T) {
	t.Parallel()
	bearers(t, func(t *testing.T, api *fakeAPI, b bearer) {
		t.Helper()
		api.resolved = map[string]string{"^1.0.0": "1.2.0", "^1.1.0": "1.2.0", "^1": "1.3.0"}
		p := b.plan(t, b.config("^1.0.0", "a"))
		must(t, "plan", p.diags)
		if got := b.resolved(p.get); got != "1.2.0" {
			t.Fatalf("^1.0.0 is planned as %v, want 1.2.0", got)
		}
		must(t, "create", b.apply(t, p))
		must(t, "refresh", b.refresh(t))
		if version, resolved := b.version(b.get), b.resolved(b.get); version != "^1.0.0" || resolved != "1.2.0" {
			t.Errorf("the state has %v as %v, want ^1.0.0 as 1.2.0", version, resolved)
		}
		questions := len(api.sent("POST"))
		if diff := b.changes(b.plan(t, b.config("^1.0.0", "a"))); diff != "" || len(api.sent("POST")) != questions {
			t.Errorf("the next plan asks orbitd, or is not empty:\n%s", diff)
		}
		// Another change of the plugin says nothing about its version.
		p = b.plan(t, b.config("^1.0.0", "b"))
		if got := b.resolved(p.get); got != "1.2.0" || p.get("change_impact") != "restart" {
			t.Errorf("with another config it is planned as %v with impact %v", got, p.get("change_impact"))
		}
		must(t, "widen", b.apply(t, b.planVersion(t, "^1.1.0", "1.2.0", "none")))
		must(t, "pin", b.apply(t, b.planVersion(t, "1.2.0", "1.2.0", "none")))
		must(t, "upgrade", b.apply(t, b.planVersion(t, "^1", "1.3.0", "upgrade")))
		must(t, "downgrade", b.apply(t, b.planVersion(t, "1.2.0", "1.2.0", "upgrade")))
	})
}

func TestAVersionThatNobodyResolvesIsKnownAfterApply(t *testing.T) {
	t.Parallel()
	bearers(t, func(t *testing.T, api *fakeAPI, b bearer) {
		t.Helper()
		unresolved := func(yes bool) {
			api.change(t, func() {
				api.resolved = map[string]string{"^1.0.0": "1.2.0"}
				if yes {
					api.resolved = map[string]string{"^1.0.0": "", "^2.0.0": ""}
				}
			})
		}
		unresolved(true)
		p := b.plan(t, b.config("^1.0.0", "a"))
		must(t, "plan", p.diags)
		if b.resolved(p.get) != unknown || p.get("change_impact") == unknown {
			t.Errorf("the create is planned as %v with impact %v, want an unknown version and a known impact",
				b.resolved(p.get), p.get("change_impact"))
		}
		unresolved(false)
		must(t, "create", b.apply(t, p))
		if got := b.resolved(b.get); got != "1.2.0" {
			t.Errorf("it is created as %v, want 1.2.0", got)
		}
		unresolved(true)
		p = b.planVersion(t, "^2.0.0", unknown, unknown)
		if p.get("restart_revision") != unknown {
			t.Errorf("restart_revision = %v, want unknown", p.get("restart_revision"))
		}
		unresolved(false)
		must(t, "update", b.apply(t, p))
		if got := b.resolved(b.get); got != "2.0.0" {
			t.Errorf("it is updated to %v, want 2.0.0", got)
		}
		unresolved(true)
		b.planVersion(t, "2.0.0", "2.0.0", "none")
		b.planVersion(t, "3.0.0", "3.0.0", "upgrade")
		b.planVersion(t, unknown, unknown, unknown)
	})
}

func TestAnImportAndDriftTellVersionsAsTheyAre(t *testing.T) {
	t.Parallel()
	bearers(t, func(t *testing.T, api *fakeAPI, b bearer) {
		t.Helper()
		b.createdWith(t, "~1.2")
		imported := b
		imported.resource = b.core.resource(b.typeName)
		id := "acme"
		if b.typeName == "orbit_backstage_plugin" {
			id = "acme/" + rangedPackage
		}
		must(t, "import", imported.importAs(t, id, nil))
		if version, resolved := imported.version(imported.get), imported.resolved(imported.get); version != "~1.2" || resolved != "1.2" {
			t.Errorf("imported as %v and %v, want ~1.2 and 1.2", version, resolved)
		}
		api.change(t, func() {
			moved := orbit.PluginSpec{Version: "^3.0.0", ResolvedVersion: "3.1.0"}
			if instance := api.instances["acme"]; instance != nil {
				instance.Plugins = map[string]orbit.PluginSpec{rangedPackage: moved}
			} else {
				api.plugins["acme"][rangedPackage].PluginSpec = moved
			}
		})
		must(t, "refresh", b.refresh(t))
		if version, resolved := b.version(b.get), b.resolved(b.get); version != "^3.0.0" || resolved != "3.1.0" {
			t.Errorf("after drift the state has %v and %v, want ^3.0.0 and 3.1.0", version, resolved)
		}
		b.planVersion(t, "~1.2", "1.2", "upgrade")
	})
}

func TestAPluginsMapWithWhatIsNotKnownYetIsPlanned(t *testing.T) {
	t.Parallel()
	instance := coreFor(t, newFakeAPI(t)).instance()
	for name, plugins := range map[string]any{
		"the map": unknown, "a version": object{rangedPackage: object{"version": unknown}},
		"a config": object{rangedPackage: object{"version": "^1.0.0", "config": unknown}},
	} {
		must(t, name, instance.plan(t, with(acme(), object{"plugins": plugins})).diags)
	}
}

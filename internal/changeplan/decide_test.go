package changeplan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// configured is the state of an instance with the given document.
func configured(t testing.TB, config string) State {
	t.Helper()
	state, diagnostics := FromSpec(orbit.InstanceSpec{Release: "1.55.0", MemoryLimitMiB: 1024, Config: config}, nil)
	if len(diagnostics) > 0 {
		t.Fatalf("%.200q: %v", config, diagnostics)
	}
	return state
}

func lines(d Decision) []string {
	lines := []string{string(d.Impact)}
	for _, reason := range d.Reasons {
		lines = append(lines, reason.String())
	}
	return lines
}

func TestWhatAnEditOfTheConfigCosts(t *testing.T) {
	t.Parallel()
	const (
		routes  = "the proxy builds its routes anew whenever its endpoints change"
		places  = "the catalog takes up its locations whenever they change"
		logs    = "the logger takes up its overrides whenever they change"
		rules   = "the catalog reads the rules of its locations once, when it starts"
		broken  = "an endpoint that cannot be read for sure would take the ones after it down in the running process"
		open    = "a route that was open to unauthenticated requests stays open for them until the process ends"
		unknown = "nothing is known to take up a change of it while the process runs"
	)
	for _, c := range []struct {
		name, before, after string
		want                []string
	}{
		{"nothing", "a: 1", "a: 1", []string{"none"}},
		{"format, comments, order of keys", "a: 1\nb: {c: 1, d: 2}", `{"b": {"d": 2, "c": 1}, "a": 1}`, []string{"none"}},
		{"null instead of nothing", "a: 1", "a: 1\nb: null", []string{"none"}},

		{"endpoint added", "proxy: {endpoints: {/a: {target: 'http://a'}}}", "proxy: {endpoints: {/a: {target: 'http://a'}, /b: 'https://b'}}",
			[]string{"live", `proxy.endpoints["/b"]: live, because it was added, and ` + routes}},
		{"first endpoint", "", "proxy: {endpoints: {/a: {target: 'http://a'}}}",
			[]string{"live", "proxy: live, because it was added, and " + routes}},
		{"last endpoint removed", "proxy: {endpoints: {/a: {target: 'http://a'}}}", "app: {title: x}",
			[]string{"restart", "app: restart, because it was added, and " + unknown, "proxy: live, because it was removed, and " + routes}},
		{"endpoint changed", "proxy: {endpoints: {/a: {target: 'http://a', headers: {x: 1}}}}", "proxy: {endpoints: {/a: {target: 'http://a', headers: {x: 2}}}}",
			[]string{"live", `proxy.endpoints["/a"].headers.x: live, because it changed, and ` + routes}},
		{"endpoint in the deprecated place", "proxy: {/a: 'http://a'}", "proxy: {/a: 'http://b'}",
			[]string{"live", `proxy["/a"]: live, because it changed, and ` + routes}},
		{"setting of the proxy beside endpoints", "", "proxy: {skipInvalidProxies: true, endpoints: {/a: 'http://a'}}",
			[]string{"restart", "proxy.endpoints: live, because it was added, and " + routes,
				"proxy.skipInvalidProxies: restart, because it was added, and the proxy reads this setting once, when it starts"}},
		{"endpoint without a URL", "", "proxy: {endpoints: {/a: {target: nowhere}}}", []string{"restart", "proxy: restart, because it was added, and " + broken}},
		{"endpoint without a target", "", "proxy: {endpoints: {/a: {}}}", []string{"restart", "proxy: restart, because it was added, and " + broken}},
		{"endpoint with an unknown option", "", "proxy: {endpoints: {/a: {target: 'http://a', onError: x}}}", []string{"restart", "proxy: restart, because it was added, and " + broken}},
		{"endpoint with unknown credentials", "", "proxy: {endpoints: {/a: {target: 'http://a', credentials: x}}}", []string{"restart", "proxy: restart, because it was added, and " + broken}},
		{"route with a pattern", "", "proxy: {endpoints: {'/a(b)': 'http://a'}}", []string{"restart", "proxy: restart, because it was added, and " + broken}},
		{"target from a secret", "", "proxy: {endpoints: {/a: '${URL}'}}", []string{"live", "proxy: live, because it was added, and " + routes}},
		{"route opened", "proxy: {endpoints: {/a: {target: 'http://a'}}}", "proxy: {endpoints: {/a: {target: 'http://a', credentials: dangerously-allow-unauthenticated}}}",
			[]string{"live", `proxy.endpoints["/a"].credentials: live, because it was added, and ` + routes}},
		{"open route closed", "proxy: {endpoints: {/a: {target: 'http://a', credentials: dangerously-allow-unauthenticated}}}", "proxy: {endpoints: {/a: {target: 'http://a'}}}",
			[]string{"live", `proxy.endpoints["/a"].credentials: live, because it was removed, and ` + routes}},
		{"open route closed but for a method", "proxy: {endpoints: {/a: {target: 'http://a', credentials: dangerously-allow-unauthenticated}}}", "proxy: {endpoints: {/a: {target: 'http://a', allowedMethods: [GET]}}}",
			[]string{"restart", `proxy.endpoints["/a"].allowedMethods: restart, because it was added, and ` + open,
				`proxy.endpoints["/a"].credentials: restart, because it was removed, and ` + open}},
		{"open route removed", "proxy: {endpoints: {/a: {target: 'http://a', credentials: dangerously-allow-unauthenticated}, /b: 'http://b'}}", "proxy: {endpoints: {/b: 'http://b'}}",
			[]string{"restart", `proxy.endpoints["/a"]: restart, because it was removed, and ` + open}},
		{"open route kept", "proxy: {endpoints: {/a: {target: 'http://a', credentials: dangerously-allow-unauthenticated}}}", "proxy: {endpoints: {/a: {target: 'http://b', credentials: dangerously-allow-unauthenticated}}}",
			[]string{"live", `proxy.endpoints["/a"].target: live, because it changed, and ` + routes}},
		{"websockets added", "", "proxy: {endpoints: {/a: {target: 'http://a', ws: true}}}", []string{"live", "proxy: live, because it was added, and " + routes}},
		{"anything beside websockets", "proxy: {endpoints: {/a: {target: 'http://a', ws: true}}}", "proxy: {endpoints: {/a: {target: 'http://a', ws: true}, /b: 'http://b'}}",
			[]string{"restart", `proxy.endpoints["/b"]: restart, because it was added, and an endpoint with ws keeps serving websockets as it was until the process ends`}},
		{"order of routes that overlap", "proxy: {endpoints: {/a: 'http://a', /a/b: 'http://b'}}", "proxy: {endpoints: {/a/b: 'http://b', /a: 'http://a'}}",
			[]string{"restart", "proxy.endpoints: restart, because the order of its keys changed, which means something here, and a process is not told when nothing but the order of keys changes"}},
		{"order of routes apart", "proxy: {endpoints: {/a: 'http://a', /b: 'http://b'}}", "proxy: {endpoints: {/b: 'http://b', /a: 'http://a'}}", []string{"none"}},
		{"endpoints that are no mapping", "proxy: {endpoints: {/a: 'http://a'}}", "proxy: {endpoints: x}",
			[]string{"restart", "proxy.endpoints: restart, because it changed, and the proxy can only read a mapping of endpoints"}},
		{"proxy that is no mapping", "proxy: {endpoints: {/a: 'http://a'}}", "proxy: x", []string{"restart", "proxy: restart, because it changed, and " + unknown}},

		{"location added", "catalog: {locations: [{type: url, target: x}]}", "catalog: {locations: [{type: url, target: x}, {type: file, target: y}]}",
			[]string{"live", "catalog.locations: live, because it changed, and " + places}},
		{"first location", "catalog: {rules: [{allow: [API]}]}", "catalog: {rules: [{allow: [API]}], locations: [{type: url, target: x}]}",
			[]string{"live", "catalog.locations: live, because it was added, and " + places}},
		{"locations removed", "catalog: {locations: [{type: url, target: x}]}", "", []string{"live", "catalog: live, because it was removed, and " + places}},
		{"order of locations", "catalog: {locations: [{type: url, target: x}, {type: url, target: y}]}", "catalog: {locations: [{target: y, type: url}, {type: url, target: x}]}", []string{"none"}},
		{"location with rules", "", "catalog: {locations: [{type: url, target: x, rules: [{allow: [User]}]}]}", []string{"restart", "catalog: restart, because it was added, and " + rules}},
		{"rules of a location", "catalog: {locations: [{type: url, target: x}]}", "catalog: {locations: [{type: url, target: x, rules: [{allow: [User]}]}]}",
			[]string{"restart", "catalog.locations: restart, because it changed, and " + rules}},
		{"location beside one with rules", "catalog: {locations: [{type: url, target: x, rules: [{allow: [User]}]}]}", "catalog: {locations: [{type: url, target: x, rules: [{allow: [User]}]}, {type: url, target: y}]}",
			[]string{"live", "catalog.locations: live, because it changed, and " + places}},
		{"location without a target", "", "catalog: {locations: [{type: url}]}",
			[]string{"restart", "catalog: restart, because it was added, and a location without a type and a target makes the running catalog overlook the change"}},
		{"locations and rules", "", "catalog: {locations: [{type: url, target: x}], rules: [{allow: [API]}]}",
			[]string{"restart", "catalog.locations: live, because it was added, and " + places,
				"catalog.rules: restart, because it was added, and the catalog reads which kinds it allows once, when it starts"}},

		{"log override", "backend: {logger: {level: info}}", "backend: {logger: {level: info, overrides: [{level: debug, matchers: {plugin: catalog}}]}}",
			[]string{"live", "backend.logger.overrides: live, because it was added, and " + logs}},
		{"log override with a wrong level", "", "backend: {logger: {overrides: [{level: loud, matchers: {plugin: catalog}}]}}",
			[]string{"restart", "backend: restart, because it was added, and an override that cannot be read makes the running logger overlook the change"}},
		{"log level", "backend: {logger: {level: info}}", "backend: {logger: {level: debug}}",
			[]string{"restart", "backend.logger.level: restart, because it changed, and the logger reads its level once, when the process starts"}},

		{"cors", "backend: {cors: {origin: x, credentials: true}}", "backend: {cors: {origin: y, credentials: true}}",
			[]string{"restart", "backend.cors.origin: restart, because it changed, and the HTTP router reads its CORS settings once, when it starts"}},
		{"subtree of one mind", "", "backend: {cors: {origin: x, credentials: true}}",
			[]string{"restart", "backend: restart, because it was added, and the HTTP router reads its CORS settings once, when it starts"}},
		{"subtree of two minds", "", "backend: {cors: {origin: x}, csp: {img-src: [a]}}",
			[]string{"restart", "backend.cors: restart, because it was added, and the HTTP router reads its CORS settings once, when it starts",
				"backend.csp: restart, because it was added, and the HTTP router reads its content security policy once, when it starts"}},
		{"path nobody knows", "techdocs: {generator: {runIn: local}}", "techdocs: {generator: {runIn: docker}}", []string{"restart", "techdocs.generator.runIn: restart, because it changed, and " + unknown}},
		{"key that only looks live", "proxys: {endpoints: {}}", "proxys: {endpoints: {/a: x}}", []string{"restart", `proxys.endpoints["/a"]: restart, because it was added, and ` + unknown}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, lines(Decide(configured(t, c.before), configured(t, c.after)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatEverythingElseCosts(t *testing.T) {
	t.Parallel()
	base := orbit.InstanceSpec{Release: "1.55.0", MemoryLimitMiB: 1024, Config: "backend: {cors: {origin: '${ORIGIN:-x}'}}\n" +
		"proxy: {endpoints: {/a: {target: 'http://a', headers: {Authorization: 'Bearer ${TOKEN}'}}}}\n",
		Plugins: map[string]orbit.PluginSpec{"@x/plugin-a-backend": {Version: "1.0.0", Config: "a: {b: 1}"}}}
	secrets := map[string]string{"TOKEN": "1", "OTHER": "1"}
	for _, c := range []struct {
		name    string
		edit    func(*orbit.InstanceSpec, map[string]string)
		want    []string
		allowed orbit.Impact
	}{
		{"nothing", func(*orbit.InstanceSpec, map[string]string) {}, []string{"none"}, orbit.ImpactNone},
		{"protection", func(s *orbit.InstanceSpec, _ map[string]string) { s.DeletionProtection = true }, []string{"none"}, orbit.ImpactNone},
		{"release", func(s *orbit.InstanceSpec, _ map[string]string) { s.Release = "1.56.0" },
			[]string{"upgrade", "release: upgrade, because it changed from 1.55.0 to 1.56.0, and code of another version meets the database"}, orbit.ImpactUpgrade},
		{"memory", func(s *orbit.InstanceSpec, _ map[string]string) { s.MemoryLimitMiB = 512 },
			[]string{"restart", "memory_limit_mib: restart, because it changed from 1024 to 512, and a process gets its limit when it starts"}, orbit.ImpactRestart},
		{"plugin added", func(s *orbit.InstanceSpec, _ map[string]string) {
			s.Plugins["@x/plugin-b-backend"] = orbit.PluginSpec{Version: "1.0.0"}
		},
			[]string{"restart", `plugins["@x/plugin-b-backend"]: restart, because it was added, and a process loads its plugins when it starts`}, orbit.ImpactRestart},
		{"plugin added with its config, and another key", func(s *orbit.InstanceSpec, _ map[string]string) {
			s.Plugins["@x/plugin-b-backend"] = orbit.PluginSpec{Version: "1.0.0", Config: "b: {c: 1}"}
			s.Config += "d: 1\n"
		},
			[]string{"restart", "d: restart, because it was added, and nothing is known to take up a change of it while the process runs",
				`plugins["@x/plugin-b-backend"]: restart, because it was added, and a process loads its plugins when it starts`}, orbit.ImpactRestart},
		{"module added", func(s *orbit.InstanceSpec, _ map[string]string) {
			s.Plugins["@x/plugin-a-backend-module-b"] = orbit.PluginSpec{Version: "1.0.0"}
		},
			[]string{"upgrade", `plugins["@x/plugin-a-backend-module-b"]: upgrade, because it was added, and a module changes the code that meets its plugin's part of the database`}, orbit.ImpactUpgrade},
		{"plugin removed", func(s *orbit.InstanceSpec, _ map[string]string) { delete(s.Plugins, "@x/plugin-a-backend") },
			[]string{"restart", `plugins["@x/plugin-a-backend"]: restart, because it was removed, and a process loads its plugins when it starts`}, orbit.ImpactRestart},
		{"plugin's version", func(s *orbit.InstanceSpec, _ map[string]string) {
			s.Plugins["@x/plugin-a-backend"] = orbit.PluginSpec{Version: "1.0.1", Config: "a: {b: 1}"}
		}, []string{"upgrade", `plugins["@x/plugin-a-backend"].version: upgrade, because it changed from 1.0.0 to 1.0.1, and code of another version meets the database`}, orbit.ImpactUpgrade},
		{"key moved to the document", func(s *orbit.InstanceSpec, _ map[string]string) {
			s.Plugins["@x/plugin-a-backend"] = orbit.PluginSpec{Version: "1.0.0"}
			s.Config += "a: {b: 1}\n"
		}, []string{"none"}, orbit.ImpactNone},
		{"key under a fragment", func(s *orbit.InstanceSpec, _ map[string]string) { s.Config += "a: {b: 2}\n" }, []string{"none"}, orbit.ImpactNone},
		{"secret of a live path", func(_ *orbit.InstanceSpec, secrets map[string]string) { secrets["TOKEN"] = "2" },
			[]string{"live", `proxy.endpoints["/a"].headers.Authorization: live, because the secret TOKEN that it refers to changed, and the proxy builds its routes anew whenever its endpoints change`}, orbit.ImpactRestart},
		{"secret that comes to be", func(_ *orbit.InstanceSpec, secrets map[string]string) { secrets["ORIGIN"] = "1" },
			[]string{"restart", "backend.cors.origin: restart, because the secret ORIGIN that it refers to changed, and the HTTP router reads its CORS settings once, when it starts"}, orbit.ImpactRestart},
		{"secret that nothing refers to", func(_ *orbit.InstanceSpec, secrets map[string]string) { secrets["OTHER"] = "2" }, []string{"none"}, orbit.ImpactRestart},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			edited, tokens := base, map[string]string{}
			edited.Plugins = map[string]orbit.PluginSpec{}
			for name, plugin := range base.Plugins {
				edited.Plugins[name] = plugin
			}
			for name, token := range secrets {
				tokens[name] = token
			}
			c.edit(&edited, tokens)
			before, _ := FromSpec(base, secrets)
			after, diagnostics := FromSpec(edited, tokens)
			if len(diagnostics) > 0 {
				t.Fatal(diagnostics)
			}
			decision := Decide(before, after)
			if diff := cmp.Diff(c.want, lines(decision)); diff != "" {
				t.Error(diff)
			}
			if allowed := MaxImpact(decision, before, after); allowed != c.allowed {
				t.Errorf("allows %s, want %s", allowed, c.allowed)
			}
		})
	}
}

func TestCreatingAndDeletingInterruptNothing(t *testing.T) {
	t.Parallel()
	some := configured(t, "a: 1")
	for _, c := range []struct {
		before, after State
		want          []string
	}{
		{State{}, some, []string{"none", "instance: none, because it is new, and nothing runs yet that could be interrupted"}},
		{some, State{}, []string{"none", "instance: none, because it is deleted, and nothing is left that could be interrupted"}},
		{State{}, State{}, []string{"none"}},
	} {
		if diff := cmp.Diff(c.want, lines(Decide(c.before, c.after))); diff != "" {
			t.Error(diff)
		}
		if MaxImpact(Decide(c.before, c.after), c.before, c.after) != orbit.ImpactNone {
			t.Error("more than none is allowed")
		}
	}
}

func TestAPluginsOwnDecision(t *testing.T) {
	t.Parallel()
	plugin := func(version, config string) *Plugin {
		p, diagnostics := FromPluginSpec("@x/p", orbit.PluginSpec{Version: version, Config: config})
		if len(diagnostics) > 0 {
			t.Fatal(diagnostics)
		}
		return &p
	}
	for _, c := range []struct {
		name          string
		before, after *Plugin
		want          orbit.Impact
	}{
		{"created", nil, plugin("1.0.0", ""), orbit.ImpactRestart},
		{"deleted", plugin("1.0.0", ""), nil, orbit.ImpactRestart},
		{"same", plugin("1.0.0", "a: 1\nb: 2"), plugin("1.0.0", `{"b":2,"a":1}`), orbit.ImpactNone},
		{"version", plugin("1.0.0", ""), plugin("1.1.0", ""), orbit.ImpactUpgrade},
		{"live fragment", plugin("1.0.0", ""), plugin("1.0.0", "proxy: {endpoints: {/a: 'http://a'}}"), orbit.ImpactLive},
		{"other fragment", plugin("1.0.0", ""), plugin("1.0.0", "a: 1"), orbit.ImpactRestart},
	} {
		if got := DecidePlugin("@x/p", c.before, c.after); got.Impact != c.want {
			t.Errorf("%s: got %v", c.name, lines(got))
		}
	}
}

func TestAnOptionalReferenceLetsTheDocumentShowThrough(t *testing.T) {
	t.Parallel()
	spec := orbit.InstanceSpec{Release: "1", Config: "a: 1", Plugins: map[string]orbit.PluginSpec{"p": {Config: "a: '${X:-}'"}}}
	without, _ := FromSpec(spec, map[string]string{})
	with, _ := FromSpec(spec, map[string]string{"X": "1"})
	if got := string(without.Effective().JSON()); got != `{"a":1}` {
		t.Errorf("got %s", got)
	}
	if got := string(with.Effective().JSON()); got != `{"a":"${X:-}"}` {
		t.Errorf("got %s", got)
	}
	if diff := cmp.Diff([]string{"X"}, with.ReferredSecrets()); diff != "" {
		t.Error(diff)
	}
}

func TestMalformedDocumentsNameTheirPlugin(t *testing.T) {
	t.Parallel()
	_, diagnostics := FromSpec(orbit.InstanceSpec{Config: "a: [", Plugins: map[string]orbit.PluginSpec{"p": {Config: "- 1"}}}, nil)
	if len(diagnostics) != 2 || diagnostics[0].Plugin != "" || diagnostics[1].Plugin != "p" || diagnostics[1].Code != orbit.CodeNotAMapping {
		t.Errorf("got %+v", diagnostics)
	}
}

func TestEveryRowIsWhole(t *testing.T) {
	t.Parallel()
	for _, row := range LiveRows() {
		if len(row.Pattern) == 0 || row.Package == "" || row.Since == "" || row.Why == "" || row.Proof == "" || row.Look == "" || row.obstacle == nil {
			t.Errorf("row %v lacks something", row.Pattern)
		}
	}
	for i, row := range StartRows() {
		if row.Package == "" || row.Since == "" {
			t.Errorf("row %v lacks something", row.Pattern)
		}
		path := appconfig.Keys(row.Pattern...)
		if got := startReason(path); got != row.Why {
			t.Errorf("row %d for %s is hidden by another: %q", i, path, got)
		}
	}
}

func TestLargeDocumentsAreComparedQuickly(t *testing.T) {
	t.Parallel()
	write := func(prefix string) State {
		var b strings.Builder
		b.WriteString("proxy: {endpoints: {")
		for i := range appconfig.MaxNodes / 6 {
			fmt.Fprintf(&b, "/%d: 'http://%s', ", i, prefix)
		}
		b.WriteString("}}\ncatalog: {locations: [")
		for i := range appconfig.MaxNodes / 40 {
			fmt.Fprintf(&b, "{type: url, target: %s%d}, ", prefix, i)
		}
		b.WriteString("]}\nx: {")
		for i := range appconfig.MaxNodes / 6 {
			fmt.Fprintf(&b, "k%d: %s, ", i, prefix)
		}
		return configured(t, b.String()+"}\n")
	}
	before, after := write("a"), write("b")
	begin := time.Now()
	if decision := Decide(before, after); len(decision.Reasons) < appconfig.MaxNodes/4 {
		t.Errorf("got %d reasons", len(decision.Reasons))
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %s", took)
	} else {
		t.Logf("took %s", took)
	}
}

func TestWhatAPluginCostsGoesByItsSide(t *testing.T) {
	t.Parallel()
	const (
		database = "upgrade, because it changed from 1.0.0 to 1.1.0, and code of another version meets the database"
		served   = "a process is told when it starts which web app it serves"
		either   = "a process loads its plugins, and is told which web app it serves, when it starts"
	)
	state := func(name, version string, side Side) State {
		if version == "" {
			return State{Release: "1.55.0"}
		}
		return State{Release: "1.55.0", Plugins: map[string]Plugin{name: {Version: version, Side: side}}}
	}
	const name, module = "@x/plugin-a", "@x/plugin-a-module-b"
	for _, c := range []struct {
		before, after State
		want          string
	}{
		{state(name, "1.0.0", SideFrontend), state(name, "1.1.0", SideFrontend), "restart, because it changed from 1.0.0 to 1.1.0, and " + served},
		{state(name, "1.0.0", SideBackend), state(name, "1.1.0", SideBackend), database},
		{state(name, "1.0.0", SideUntold), state(name, "1.1.0", SideUntold), database + ", unless it is a part of the web app"},
		{state(name, "1.0.0", SideBackend), state(name, "1.1.0", SideFrontend), database}, // code of a backend went
		{state(name, "1.0.0", SideFrontend), state(name, "1.1.0", SideBackend), database},
		{state(name, "", ""), state(name, "1.0.0", SideFrontend), "restart, because it was added, and " + served},
		{state(name, "", ""), state(name, "1.0.0", SideUntold), "restart, because it was added, and " + either},
		{state(name, "1.0.0", SideFrontend), state(name, "", ""), "restart, because it was removed, and " + served},
		// A module of the web app extends no code that meets a database.
		{state(module, "", ""), state(module, "1.0.0", SideFrontend), "restart, because it was added, and " + served},
		{state(module, "", ""), state(module, "1.0.0", SideUntold), "restart, because it was added, and " + either},
	} {
		d := Decide(c.before, c.after)
		if len(d.Reasons) != 1 || string(d.Reasons[0].Impact)+", because "+d.Reasons[0].Because != c.want || d.Impact != d.Reasons[0].Impact {
			t.Errorf("from %v to %v: %v, want %s", c.before.Plugins, c.after.Plugins, lines(d), c.want)
		}
	}
}

func TestTheSideOfAPluginIsWhatIsToldOfIt(t *testing.T) {
	t.Parallel()
	spec := orbit.InstanceSpec{Release: "1", Plugins: map[string]orbit.PluginSpec{
		"@backend/a": {}, "@x/b-backend": {}, "@x/c": {Frontend: true}, "@x/d": {}, "e-backend": {},
	}}
	state, _ := FromSpec(spec, nil)
	told := state.WithSides(map[string]Side{"@x/d": SideFrontend, "@x/gone": SideFrontend})
	want := map[string]Side{
		"@backend/a": SideUntold, "@x/b-backend": SideBackend, "@x/c": SideFrontend, "@x/d": SideFrontend, "e-backend": SideBackend,
	}
	got := map[string]Side{}
	for name, plugin := range told.Plugins {
		got[name] = plugin.Side
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if state.Plugins["@x/d"].Side != SideUntold {
		t.Error("the state that was told is another one than it was")
	}
}

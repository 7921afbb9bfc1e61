package changeplan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const readers = "app: {title: '${TITLE}'}\nproxy: {endpoints: {/a: {target: 'http://a', headers: {x: '${HEADER}'}}}}\n"

func TestAChangedVariableCostsWhatItsReadersCost(t *testing.T) {
	t.Parallel()
	with := func(variables map[string]string) State {
		state, diagnostics := FromSpec(orbit.InstanceSpec{Release: "1", Config: readers, Variables: variables}, map[string]string{})
		if len(diagnostics) > 0 {
			t.Fatal(diagnostics)
		}
		return state
	}
	before := with(map[string]string{"TITLE": "a", "HEADER": "a", "UNUSED": "a"})
	for _, c := range []struct {
		name  string
		after map[string]string
		want  []string
	}{
		{"read by nothing", map[string]string{"TITLE": "a", "HEADER": "a", "UNUSED": "b"}, []string{"none"}},
		{"read live", map[string]string{"TITLE": "a", "HEADER": "b", "UNUSED": "a"}, []string{
			"live", `proxy.endpoints["/a"].headers.x: live, because the variable HEADER that it refers to changed, and the proxy builds its routes anew whenever its endpoints change`,
		}},
		{"read at start", map[string]string{"TITLE": "b", "HEADER": "a", "UNUSED": "a"}, []string{
			"restart", "app.title: restart, because the variable TITLE that it refers to changed, and nothing is known to take up a change of it while the process runs",
		}},
	} {
		after := with(c.after)
		decision := Decide(before, after)
		if diff := cmp.Diff(c.want, lines(decision)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if MaxImpact(decision, before, after) != orbit.ImpactRestart {
			t.Errorf("%s: a plugin declared elsewhere may read it, and no restart is allowed", c.name)
		}
	}
}

func TestAVariableThatBecomesASecretIsAnotherValue(t *testing.T) {
	t.Parallel()
	variable, _ := FromSpec(orbit.InstanceSpec{Release: "1", Config: "a: ${X}", Variables: map[string]string{"X": "1"}}, map[string]string{})
	secret, _ := FromSpec(orbit.InstanceSpec{Release: "1", Config: "a: ${X}"}, map[string]string{"X": "1"})
	if d := Decide(variable, secret); d.Impact != orbit.ImpactRestart {
		t.Errorf("got %v", lines(d))
	}
}

func TestAPluginsOwnSecretsAreItsOwnFragmentsAlone(t *testing.T) {
	t.Parallel()
	with := func(instance string, own map[string]map[string]string) State {
		state, _ := FromSpec(orbit.InstanceSpec{Release: "1", Config: "base: '${TOKEN}'", Plugins: map[string]orbit.PluginSpec{
			"p": {Version: "1", Config: "proxy: {endpoints: {/p: {target: 'http://p', headers: {x: 'Bearer ${TOKEN}', y: '$${TOKEN}'}}}}"},
			"q": {Version: "1", Config: "q: '${TOKEN:-none}'"},
		}}, map[string]string{"TOKEN": instance})
		for name, tokens := range own {
			plugin := state.Plugins[name]
			plugin.Secrets = tokens
			state.Plugins[name] = plugin
		}
		return state
	}
	before := with("1", map[string]map[string]string{"p": {"TOKEN": "1"}})
	want := `{"proxy":{"endpoints":{"/p":{"target":"http://p","headers":{"x":"Bearer ${TOKEN of p}","y":"$${TOKEN}"}}}},` +
		`"q":"${TOKEN:-none}","base":"${TOKEN}"}`
	if got := string(before.Effective().JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	live := `proxy.endpoints["/p"].headers.x: live, because the secret TOKEN of p that it refers to changed, ` +
		`and the proxy builds its routes anew whenever its endpoints change`
	if diff := cmp.Diff([]string{"live", live}, lines(Decide(before, with("1", map[string]map[string]string{"p": {"TOKEN": "2"}})))); diff != "" {
		t.Errorf("its own secret: %s", diff)
	}
	// A rotation of the instance's secret does not reach who has one of the same name.
	for _, reason := range Decide(before, with("2", map[string]map[string]string{"p": {"TOKEN": "1"}})).Reasons {
		if reason.Path != "base" && reason.Path != "q" {
			t.Errorf("the instance's secret changed, and %s with it", reason.Path)
		}
	}
	// One of its own in place of the instance's is another value.
	if d := Decide(before, with("1", map[string]map[string]string{"p": {"TOKEN": "1"}, "q": {"TOKEN": "1"}})); d.Impact != orbit.ImpactRestart {
		t.Errorf("q has a secret of its own now: %v", lines(d))
	}
}

func TestLivePartLeavesWhatChangedItsOwner(t *testing.T) {
	t.Parallel()
	with := func(header string, own map[string]string) State {
		state, _ := FromSpec(orbit.InstanceSpec{Release: "1", Plugins: map[string]orbit.PluginSpec{
			"p": {Version: "1", Config: "proxy: {endpoints: {/p: {target: 'http://" + header + "', headers: {x: '${TOKEN}'}}}}"},
		}}, map[string]string{"TOKEN": "1"})
		state.Plugins["p"] = Plugin{Version: "1", Config: state.Plugins["p"].Config, Secrets: own}
		return state
	}
	before, after := with("old", map[string]string{"TOKEN": "1"}), with("new", nil)
	part := LivePart(before, after)
	want := `{"proxy":{"endpoints":{"/p":{"target":"http://new","headers":{"x":"${TOKEN of p}"}}}}}`
	if got := string(part.Effective().JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

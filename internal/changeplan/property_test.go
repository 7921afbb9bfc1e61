package changeplan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// settings are lines of a document; each is one top-level key of its own.
var settings = [][]string{
	{"", "app: {title: a}", "app: {title: b, support: {url: x}}"},
	{"", "proxy: {endpoints: {/a: 'http://a'}}", "proxy: {endpoints: {/b: {target: 'http://b', headers: {x: '${A}'}}, /a: 'http://a'}}", "proxy: {skipInvalidProxies: true}"},
	{"", "catalog: {locations: [{type: url, target: x}, {type: url, target: y}]}", "catalog: {locations: [{type: url, target: y}]}", "catalog: {rules: [{allow: [API]}]}"},
	{"", "backend: {cors: {origin: '${B:-x}'}}", "backend: {logger: {level: debug}}", "backend: {logger: {overrides: [{level: debug, matchers: {a: b}}]}}"},
}

func arbitraryState(t *testing.T, random *rand.Rand) (state State, again State) {
	t.Helper()
	var chosen []string
	for _, choices := range settings {
		chosen = append(chosen, choices[random.IntN(len(choices))])
	}
	secrets, variables := map[string]string{}, map[string]string{}
	for _, name := range []string{"A", "B"} {
		switch version := random.IntN(5); version {
		case 1, 2:
			secrets[name] = fmt.Sprint(version)
		case 3, 4:
			variables[name] = fmt.Sprint(version)
		}
	}
	spec := orbit.InstanceSpec{Release: "1", MemoryLimitMiB: 512 + 512*random.IntN(2), Config: strings.Join(chosen, "\n"),
		Plugins: map[string]orbit.PluginSpec{}, Variables: variables}
	for _, name := range []string{"p", "q"} {
		if version := random.IntN(3); version > 0 {
			spec.Plugins[name] = orbit.PluginSpec{Version: fmt.Sprint(version), Config: name + ": {a: " + fmt.Sprint(random.IntN(2)) +
				"}\nproxy: {endpoints: {/" + name + ": {target: 'http://p', headers: {x: '${A:-}'}}}}"}
		}
	}
	state, diagnostics := FromSpec(spec, secrets)
	random.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	spec.Config = string(state.Config.Canonical())
	if random.IntN(2) == 0 {
		spec.Config = strings.Join(chosen, "\n# comment\n")
	}
	again, more := FromSpec(spec, secrets)
	for name, plugin := range state.Plugins {
		if own := random.IntN(3); own > 0 {
			plugin.Secrets = map[string]string{"A": fmt.Sprint(own)}
			state.Plugins[name] = plugin
			plugin.Config, plugin.Version = again.Plugins[name].Config, again.Plugins[name].Version
			again.Plugins[name] = plugin
		}
	}
	if len(diagnostics)+len(more) > 0 {
		t.Fatal(diagnostics, more)
	}
	return state, again
}

func TestPropertiesOfDecisions(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		a, sameA := arbitraryState(t, random)
		b, sameB := arbitraryState(t, random)
		if d := Decide(a, sameA); d.Impact != orbit.ImpactNone || len(d.Reasons) > 0 {
			t.Fatalf("nothing changed: %v", lines(d))
		}
		d := Decide(a, b)
		if diff := cmp.Diff(d, Decide(sameA, sameB)); diff != "" {
			t.Fatalf("the answer depends on how documents are written: %s", diff)
		}
		if back := Decide(b, a); len(back.Reasons) == 0 != (len(d.Reasons) == 0) || back.Impact.Interrupts() != d.Impact.Interrupts() {
			t.Fatalf("there: %v, back: %v", lines(d), lines(back))
		}
		highest := orbit.ImpactNone
		for _, reason := range d.Reasons {
			highest = orbit.MaxImpact(highest, reason.Impact)
			if reason.Path == "" || reason.Because == "" || strings.HasSuffix(reason.Because, ".") || strings.ContainsRune(reason.String(), 0) {
				t.Fatalf("malformed reason %+v", reason)
			}
		}
		if highest != d.Impact || !slices.IsSortedFunc(d.Reasons, func(x, y orbit.Reason) int { return strings.Compare(x.Path, y.Path) }) {
			t.Fatalf("the impact is not the reasons' highest, or they are not sorted: %v", lines(d))
		}
		if MaxImpact(d, a, b) != d.Impact && !MaxImpact(d, a, b).Exceeds(d.Impact) {
			t.Fatalf("less is allowed than planned: %v", lines(d))
		}
	}
}

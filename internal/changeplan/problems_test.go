package changeplan

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func problemsOf(t testing.TB, state State) []string {
	t.Helper()
	var lines []string
	for _, d := range Problems(state) {
		lines = append(lines, strings.Join([]string{string(d.Severity), string(d.Code), d.Plugin, d.Path}, " "))
		if d.Message == "" || strings.HasSuffix(d.Message, ".") {
			t.Errorf("malformed message %q", d.Message)
		}
	}
	return lines
}

func TestProblemsOfAConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, config string
		want         []string
	}{
		{"nothing", "", nil},
		{"what is right", "proxy: {endpoints: {/a: 'http://a', /b: {target: 'https://b', credentials: forward}}}\n" +
			"catalog: {locations: [{type: url, target: 'https://github.com/a/b'}], processingInterval: {minutes: 5}}", nil},
		{"no URL", "proxy: {endpoints: {/a: {target: nowhere}}}", []string{`error will_not_boot  proxy.endpoints["/a"].target`}},
		{"a URL from a secret", "proxy: {endpoints: {/a: {target: '${URL}'}}}", nil},
		{"no URL, and left out", "proxy: {skipInvalidProxies: true, endpoints: {/a: nowhere}}", []string{`warning no_effect  proxy.endpoints["/a"]`}},
		{"no URL, and a proxy that may fail", "proxy: {endpoints: {/a: nowhere}}\nbackend: {startup: {plugins: {proxy: {onPluginBootFailure: continue}}}}",
			[]string{`warning no_effect  proxy.endpoints["/a"]`}},
		{"no URL, and plugins that may fail but for this one",
			"proxy: {endpoints: {/a: nowhere}}\nbackend: {startup: {default: {onPluginBootFailure: continue}, plugins: {proxy: {onPluginBootFailure: abort}}}}",
			[]string{`error will_not_boot  proxy.endpoints["/a"]`}},
		{"a second bad item", "catalog: {locations: [{type: file, target: x}, {type: file}]}", []string{"error will_not_boot  catalog.locations[1].target"}},
		{"durations", "auth: {backstageTokenExpiration: 10 minutes}\ncatalog: {processingInterval: PT1H}\n" +
			"notifications: {retention: false, throttleInterval: {fortnights: 1}}\nbackend: {rateLimit: {window: 5}}",
			[]string{"error will_not_boot  backend.rateLimit.window", "error will_not_boot  notifications.throttleInterval"}},
		{"a token that is too short", "backend: {auth: {externalAccess: [{type: static, options: {token: short, subject: a}}]}}",
			[]string{"error will_not_boot  backend.auth.externalAccess[0].options.token"}},
		{"orbitd's own entry", "backend: {auth: {externalAccess: [{type: orbit, options: {issuer: a}}]}}",
			[]string{"error will_not_boot  backend.auth.externalAccess[0].type"}},
		{"a token from a secret", "backend: {auth: {externalAccess: [{type: static, options: {token: '${T}', subject: a}}]}}", nil},
		{"a key that nobody reads", "catalogue: {rules: []}", []string{"warning no_effect  catalogue"}},
		{"a provider that nobody brings", "auth: {providers: {okta: {development: {clientId: a}}}}", []string{"warning no_effect  auth.providers.okta"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, problemsOf(t, configured(t, c.config))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProblemsNameTheDocumentAndThePlace(t *testing.T) {
	t.Parallel()
	state, diagnostics := FromSpec(orbit.InstanceSpec{
		Release: "1.55.0", Config: "proxy:\n  endpoints:\n    /a: nowhere\n",
		Plugins: map[string]orbit.PluginSpec{"p": {Version: "1.0.0", Config: "unread: 1\nproxy: {endpoints: {/b: {target: nowhere}}}\n"}},
	}, nil)
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	var got []string
	for _, d := range Problems(state) {
		got = append(got, d.String())
	}
	const why = `"nowhere" is not a URL with a scheme such as https://; Backstage does not start with this`
	want := []string{`proxy.endpoints["/a"], line 3, column 5: ` + why, `p, proxy.endpoints["/b"].target, line 2, column 26: ` + why}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestProblemsDependOnWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		a, same := arbitraryState(t, random)
		if diff := cmp.Diff(problemsOf(t, a), problemsOf(t, same)); diff != "" {
			t.Fatalf("the problems depend on how documents are written: %s", diff)
		}
	}
}

func TestAProcessWithoutAPluginTakesNothingUp(t *testing.T) {
	t.Parallel()
	const startup = "backend: {startup: {default: {onPluginBootFailure: continue}}}\n"
	before := configured(t, startup+"proxy: {endpoints: {/a: nowhere}}")
	after := configured(t, startup+"proxy: {endpoints: {/a: 'http://a'}}")
	if d := Decide(before, after); d.Impact != orbit.ImpactRestart {
		t.Errorf("got %v", lines(d))
	}
}

func TestEveryDemandIsWhole(t *testing.T) {
	t.Parallel()
	for _, demand := range Demands() {
		if demand.Package == "" || demand.Since == "" || demand.check == nil || demand.Silent && demand.Plugin != "" {
			t.Errorf("the demand at %v lacks something", demand.Path)
		}
	}
}

package vetting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vetting"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// packages know one plugin, whose schema has a secret, and a set that cannot be had.
type packages struct {
	together []orbit.Diagnostic
	err      error
	appErr   error // why the web app's schemas are not known
	released bool  // whether the release's own schemas are known although err
	asked    []string
}

func (p *packages) Alone(context.Context, string, map[string]string) []orbit.Diagnostic { return nil }

func (p *packages) Together(_ context.Context, release string, plugins, _ map[string]string) []orbit.Diagnostic {
	for name, version := range plugins {
		p.asked = append(p.asked, release+" "+name+"@"+version)
	}
	return p.together
}

func (p *packages) FrontendSet(_ context.Context, _ string, _, _, _ map[string]string) []orbit.Diagnostic {
	return nil
}

func (p *packages) Schemas(context.Context, string, map[string]string) (configschema.Set, error) {
	return schemas, p.err
}

func (p *packages) WebAppSchemas(_ context.Context, _ string, plugins map[string]string) (configschema.Set, error) {
	if _, added := plugins["ui"]; added {
		return configschema.Join(app, ui), p.appErr
	}
	return app, p.appErr
}

func (p *packages) KnownSchemas(_ string, plugins map[string]string) (configschema.Set, bool) {
	return schemas, p.err == nil || p.released && len(plugins) == 0
}

var schemas = parsed("p", `{"type":"object","properties":{"p":{"type":"object","required":["url"],"properties":{
			"url":{"type":"string"},"port":{"type":"number"},"token":{"type":"string","visibility":"secret"}}},
			"integrations":{"type":"object","properties":{"gitea":{"type":"array","items":{"type":"object","required":["host"]}}}},
			"auth":{"type":"object","properties":{"providers":{"type":"object","properties":{"oidc":{"type":"object","additionalProperties":{
				"type":"object","properties":{"clientSecret":{"type":"string","visibility":"secret"}}}}}}}},
			"backend":{"type":"object","properties":{"cache":{"type":"object","properties":{"store":{"enum":["memory"]}}}}}}}`)

// app is the schema of the web app that all instances share, and ui that of a plugin of it.
var (
	app = parsed("app", `{"type":"object","properties":{"shown":{"type":"object","required":["url"],"properties":{
		"url":{"type":"string","visibility":"frontend"},"hidden":{"type":"number"}}},
		"p":{"type":"object","required":["url"],"properties":{"url":{"visibility":"frontend"},"portal":{"type":"string"}}}}}`)
	ui = parsed("ui", `{"type":"object","required":["ui"],"properties":{"ui":{"type":"object","visibility":"frontend"}}}`)
)

func parsed(name, schema string) configschema.Set {
	set, err := configschema.Parse(fmt.Appendf(nil,
		`{"backstageConfigSchemaVersion":1,"schemas":[{"packageName":%[1]q,"path":%[1]q,"value":%[2]s}]}`, name, schema))
	if err != nil {
		panic(err)
	}
	return set
}

func given(config, fragment string) store.Given {
	return store.Given{
		Spec:    orbit.InstanceSpec{Release: "1.55.0", Config: config},
		Plugins: map[string]orbit.PluginSpec{"p": {Version: "1.0.0", Config: fragment}},
	}
}

// withUI adds a frontend plugin to what is given, which serves the web app or not.
func withUI(given store.Given, serves bool) store.Given {
	given.Plugins["ui"] = orbit.PluginSpec{Version: "1.0.0", Frontend: true}
	given.Spec.UI = &serves
	return given
}

func withoutUI(given store.Given) store.Given {
	given.Spec.UI = new(false)
	return given
}

func codes(found []orbit.Diagnostic) []string {
	var all []string
	for _, d := range found {
		all = append(all, strings.Join(strings.Fields(fmt.Sprint(d.Severity, " ", d.Code, " ", d.Plugin, " ", d.Path)), " "))
	}
	return all
}

func TestTheWholeIsVetted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		packages packages
		given    store.Given
		want     []string
	}{
		"all is well":                 {given: given("", "p: {url: u}")},
		"one layer adds to the other": {given: given("p: {url: u}", "p: {port: 1}")},
		"a wrong type, and whose":     {given: given("", "p: {url: u, port: no}"), want: []string{"error wrong_type p p.port"}},
		"a key that is missing":       {given: withoutUI(given("p: {port: 1}", "")), want: []string{"warning missing_key p.url"}},
		"a secret in the text":        {given: given("p: {url: u, token: s3cret}", ""), want: []string{"warning literal_secret p.token"}},
		"a client secret in the text, once": {
			given: given("p: {url: u}\nauth: {providers: {oidc: {development: {clientId: a, clientSecret: s3cret, metadataUrl: b, "+
				"signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}}}}}", ""),
			want: []string{"error literal_secret auth.providers.oidc.development.clientSecret"},
		},
		"a guest where nothing is known of the site": {
			given: given("p: {url: u}\nauth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}", ""),
		},
		"a secret as it is shown": {given: given("p: {url: u, token: '***'}", ""), want: []string{"error literal_secret p.token"}},
		"what Backstage does not start with, once": {
			given: given("p: {url: u}\nbackend: {cache: {store: mysql}}", ""), want: []string{"error will_not_boot backend.cache.store"},
		},
		"documents that do not fit": {
			given: given("p: {url: '${LOST}'}", ""), want: []string{"error undefined_secret p.url"},
		},
		"a key that Backstage does not start without": {
			given: given("integrations: {gitea: [{}]}", "p: {url: u}"), want: []string{"error will_not_boot integrations.gitea[0].host"},
		},
		"a set that cannot be had": {
			packages: packages{together: []orbit.Diagnostic{{Code: orbit.CodeUnresolvable, Severity: orbit.SeverityError, Plugin: "p"}}},
			given:    given("p: {port: no}", ""), want: []string{"error unresolvable p"},
		},
		"schemas that cannot be had": {
			packages: packages{err: errors.New("the registry is down")},
			given:    given("p: {url: u, port: no}", ""), want: []string{"warning unchecked"},
		},
		"what the web app does not start without": {
			given: given("p: {url: u}\nshown: {hidden: no}", ""), want: []string{"error missing_key shown.url"},
		},
		"what the backend warns of and the web app does not start without, once": {
			given: given("p: {port: 1}", ""), want: []string{"error missing_key p.url"},
		},
		"a key that is the web app's": {given: given("p: {url: u, portal: x}", "")},
		"a frontend plugin whose key is missing": {
			given: withUI(given("p: {url: u}", ""), true), want: []string{"error missing_key ui ui"},
		},
		"a frontend plugin that is not shown": {
			given: withUI(given("p: {url: u}\nshown: {}", ""), false), want: []string{"warning not_shown ui"},
		},
		"a web app without which Backstage may start": {
			given: given("p: {url: u}\nshown: {}\nbackend: {startup: {plugins: {app: {onPluginBootFailure: continue}}}}", ""),
			want:  []string{"warning missing_key shown.url"},
		},
		"a web app that is not built yet": {
			packages: packages{appErr: errors.New("it is not built yet")},
			given:    given("p: {port: no}\nshown: {}", ""), want: []string{"warning unchecked", "error wrong_type p.port", "warning missing_key p.url"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := vetting.Vetting{Packages: &c.packages}.Set(t.Context(), "acme", store.Given{}, c.given)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, codes(found)); diff != "" {
				t.Errorf("findings (-want +got):\n%s\n%v", diff, found)
			}
			if !slices.Equal(c.packages.asked, []string{"1.55.0 p@1.0.0"}) {
				t.Errorf("asked about %q", c.packages.asked)
			}
		})
	}
}

func TestALiteralSecretCanBeDeniedAndIsNeverQuoted(t *testing.T) {
	t.Parallel()
	g := given("p: {url: u, port: s3cret, token: s3cret}", "")
	g.Spec.LiteralSecrets = orbit.LiteralsDeny
	v := vetting.Vetting{Packages: &packages{}}
	found, err := v.Set(t.Context(), "acme", store.Given{}, g)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"error wrong_type p.port", "error literal_secret p.token"}, codes(found)); diff != "" {
		t.Error(diff)
	}
	for _, d := range found {
		if strings.Contains(d.Message, "s3cret") {
			t.Errorf("the message quotes it: %s", d)
		}
	}
	if diff := cmp.Diff([]string{"s3cret"}, v.Literals(g)); diff != "" {
		t.Error(diff)
	}
}

func TestAPackageThatCouldNotBeResolvedIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	g := given("", "p: {url: u}")
	g.Plugins["p"] = orbit.PluginSpec{Version: "^1.0.0"}
	asked := &packages{}
	if found, err := (vetting.Vetting{Packages: asked}).Set(t.Context(), "acme", store.Given{}, g); err != nil || len(found) > 0 || len(asked.asked) > 0 {
		t.Errorf("got %v, %v, asked %q", found, err, asked.asked)
	}
}

func TestDocumentsAreShownWithTheirLiteralSecretsMasked(t *testing.T) {
	t.Parallel()
	g := given("# kept\np: {url: u}\n", "p: {token: s3cret, port: 1}")
	shown := vetting.Vetting{Packages: &packages{}}.Masked(g)
	if shown.Spec.Config != g.Spec.Config {
		t.Errorf("a document without one is written anew: %s", shown.Spec.Config)
	}
	if got := shown.Plugins["p"].Config; got != `{"p":{"token":"***","port":1}}` {
		t.Errorf("got %s", got)
	}
	if g.Plugins["p"].Config != "p: {token: s3cret, port: 1}" {
		t.Error("what is declared was changed")
	}
	released := vetting.Vetting{Packages: &packages{err: errors.New("not known"), released: true}}
	if shown := released.Masked(g); strings.Contains(shown.Plugins["p"].Config, "s3cret") || len(released.Literals(g)) != 1 {
		t.Error("what the release's schemas call a secret is shown while the plugins' schemas are not known")
	}
	unknown := vetting.Vetting{Packages: &packages{err: errors.New("not known")}}
	if shown := unknown.Masked(g); shown.Plugins["p"].Config != g.Plugins["p"].Config || unknown.Literals(g) != nil {
		t.Error("something is masked without schemas")
	}
}

package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// readers refers to HEADER where a change is live and to TITLE where it costs a restart.
const readers = "app: {title: '${TITLE}'}\nproxy: {endpoints: {/x: {target: 'http://x', headers: {Authorization: '${HEADER}'}}}}\n"

func withVariables(title, header, other string) object {
	return with(acme(), object{"config": readers, "variables": object{"TITLE": title, "HEADER": header, "OTHER": other}})
}

func TestAVariableCostsWhatItsReadersCost(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, withVariables("a", "a", "a"))
	if write := api.sent("PUT")[0]; write.Instance.Variables["TITLE"] != "a" || write.Instance.LiteralSecrets != orbit.LiteralsWarn {
		t.Errorf("the write is %+v, want the variables and literal_secrets", write.Instance)
	}
	for impact, config := range map[string]object{
		"live":    withVariables("a", "b", "a"),
		"restart": withVariables("b", "a", "a"),
		"none":    with(withVariables("a", "a", "a"), object{"literal_secrets": "deny"}),
	} {
		p := instance.plan(t, config)
		must(t, "plan", p.diags)
		if p.get("change_impact") != impact {
			t.Errorf("change_impact = %v for %v, want %s", p.get("change_impact"), config, impact)
		}
	}
	// Nothing here refers to OTHER, so it can only be there for plugins that are declared elsewhere.
	p := instance.plan(t, withVariables("a", "a", "b"))
	want(t, p.diags.warnings(), "plugins declared elsewhere may refer to OTHER")

	live := instance.plan(t, withVariables("a", "b", "a"))
	must(t, "update", instance.apply(t, live))
	writes := api.sent("PUT")
	if last := writes[len(writes)-1].Instance; last.MaxImpact != orbit.ImpactRestart || last.Secrets != nil {
		t.Errorf("the write is %+v, want a restart allowed, since a plugin elsewhere may refer to HEADER, and no secrets", last)
	}
	instance.refresh(t)
	if diff := instance.changes(instance.plan(t, withVariables("a", "b", "a"))); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
}

func TestWhatIsWrongWithVariablesIsAnErrorAtTheirAttribute(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config object
		says   []string
	}{
		"both": {
			object{"variables": object{"A": "x"}, "secrets_wo": object{"A": "y"}, "secrets_wo_version": 1},
			[]string{`[AttributeName("variables").ElementKeyString("A")]`, "A is both a secret and a variable"},
		},
		"a name":    {object{"variables": object{"1 A": "x"}}, []string{`[AttributeName("variables")`, "1 A"}},
		"null":      {object{"variables": object{"A": nil}}, []string{`[AttributeName("variables")`, "null"}},
		"undefined": {object{"config": "a: ${B}\n", "variables": object{"A": "x"}}, []string{`[AttributeName("config")]`, "secrets_wo", "variables", "$${B}"}},
		"literals":  {object{"literal_secrets": "perhaps"}, []string{`[AttributeName("literal_secrets")]`, "deny"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := coreFor(t, newFakeAPI(t)).instance().plan(t, with(acme(), c.config))
			want(t, p.diags.errors(), c.says...)
		})
	}
	stored := newFakeAPI(t)
	stored.plan = &orbit.PlanResult{Impact: orbit.ImpactNone, Diagnostics: []orbit.Diagnostic{{
		Code: orbit.CodeDuplicateName, Severity: orbit.SeverityError, Path: "variables.A", Message: "A is both",
	}}}
	p := coreFor(t, stored).instance().plan(t, with(acme(), object{"variables": object{"A": "x"}}))
	want(t, p.diags.errors(), `[AttributeName("variables").ElementKeyString("A")]`, "A is both")
}

func TestAVariableThatIsUnknownMakesTheChangeUnknown(t *testing.T) {
	t.Parallel()
	instance := existing(t, newFakeAPI(t), withVariables("a", "a", "a"))
	p := instance.plan(t, withVariables(unknown, "a", "a"))
	must(t, "plan", p.diags)
	if p.get("change_impact") != unknown {
		t.Errorf("change_impact = %v, want it unknown", p.get("change_impact"))
	}
}

func TestAPluginsSecretsAreSentOnceForEachVersion(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := func(value string, version int) object {
		return with(argoCD(), object{
			"config":     "proxy: {endpoints: {/x: {target: 'http://x', headers: {Authorization: '${TOKEN}'}}}}\n",
			"secrets_wo": object{"TOKEN": value}, "secrets_wo_version": version,
		})
	}
	plugin := existingPlugin(t, api, config("first-value", 1))
	if got := api.sent("PUT")[0].Plugin; got.Secrets["TOKEN"] != "first-value" || got.SecretsVersion != 1 {
		t.Errorf("the write is %+v, want the secrets", got)
	}
	if diff := cmp.Diff([]string{"TOKEN"}, api.sent("POST")[0].Plan.SecretNames); diff != "" {
		t.Errorf("secret names at create (-want +got):\n%s", diff)
	}
	if plugin.get("secrets_wo") != nil {
		t.Errorf("the state has secrets_wo = %v", plugin.get("secrets_wo"))
	}
	if diff := plugin.changes(plugin.plan(t, config("second-value", 1))); diff != "" {
		t.Errorf("another value alone plans\n%s", diff)
	}
	p := plugin.plan(t, config("second-value", 2))
	must(t, "plan", p.diags)
	if p.get("change_impact") != "live" {
		t.Errorf("change_impact = %v, want live: that is what the reader costs", p.get("change_impact"))
	}
	must(t, "update", plugin.apply(t, p))
	must(t, "update", plugin.apply(t, plugin.plan(t, with(config("third-value", 2), object{"version": "4.9.0"}))))
	writes := api.sent("PUT")
	if got := writes[1].Plugin.Secrets; got["TOKEN"] != "second-value" {
		t.Errorf("the new version sends %v", got)
	}
	if got := writes[2].Plugin.Secrets; got != nil {
		t.Errorf("a change without a new version sends %v, want none: the stored ones stay", got)
	}
}

func TestAPluginsSecretsWhoseNamesAreUnknownAreNotAskedAbout(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	p := coreFor(t, api).plugin().plan(t, with(argoCD(), object{"secrets_wo": unknown, "secrets_wo_version": 1}))
	must(t, "plan", p.diags)
	if asked := api.sent("POST"); len(asked) > 0 {
		t.Errorf("orbitd was asked %+v", asked[0].Plan)
	}
	bad := coreFor(t, api).plugin().plan(t, with(argoCD(), object{"secrets_wo": object{"1 A": "x"}, "secrets_wo_version": 1}))
	want(t, bad.diags.errors(), "secrets_wo", "1 A")
}

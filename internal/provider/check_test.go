package provider_test

import (
	"strings"
	"testing"
)

func TestBadInputIsAnErrorAtPlanAtItsAttribute(t *testing.T) {
	t.Parallel()
	plugin := func(pkg string, entry any) object { return object{"plugins": object{pkg: entry}} }
	for name, c := range map[string]struct {
		config object
		says   []string
	}{
		"invalid yaml":          {object{"config": "a:\n  - b\n c: d\n"}, []string{`[AttributeName("config")]`, "Line "}},
		"no mapping":            {object{"config": "- a\n"}, []string{`[AttributeName("config")]`, "mapping"}},
		"a key of the manager":  {object{"config": "backend:\n  database: {client: pg}\n"}, []string{`[AttributeName("config")]`, "Line 2, column 3 of config", "backend.database"}},
		"an undefined secret":   {object{"config": "a: ${MISSING}\n"}, []string{`[AttributeName("config")]`, "${MISSING}", "secrets_wo"}},
		"a workspace":           {object{"workspace": "Acme Corp"}, []string{`[AttributeName("workspace")]`, "DNS label"}},
		"a tag":                 {plugin("@acme/x", object{"version": "latest"}), []string{`ElementKeyString("@acme/x")]`}},
		"a package":             {plugin("@acme/x@1.0.0", object{"version": "1.0.0"}), []string{`ElementKeyString("@acme/x@1.0.0")`}},
		"a plugin's document":   {plugin("@acme/x", object{"version": "1.0.0", "config": "- a"}), []string{`ElementKeyString("@acme/x")]`, "mapping"}},
		"a file":                {object{"config": "a: {$file: /etc/passwd}\n"}, []string{`[AttributeName("config")]`, "$file"}},
		"memory":                {object{"memory_limit_mib": 1}, []string{`[AttributeName("memory_limit_mib")]`}},
		"secrets, no version":   {object{"secrets_wo": object{"A": "x"}}, []string{"secrets_wo_version"}},
		"a secret's name":       {object{"secrets_wo": object{"1 A": "x"}, "secrets_wo_version": 1}, []string{"secrets_wo"}},
		"a malformed timeout":   {object{"timeouts": object{"create": "soon"}}, []string{"timeouts"}},
		"no time":               {object{"timeouts": object{"create": "0s"}}, []string{`AttributeName("timeouts").AttributeName("create")`, "The timeout is 0s"}},
		"less than no time":     {object{"timeouts": object{"delete": "-1m"}}, []string{`AttributeName("timeouts").AttributeName("delete")`, "The timeout is -1m0s"}},
		"a secret that is null": {object{"secrets_wo": object{"A": nil}, "secrets_wo_version": 1}, []string{`[AttributeName("secrets_wo")]`, "null"}},
		"a plugin that is null": {plugin("@acme/x", nil), []string{`[AttributeName("plugins")]`, "null"}},
		"conflicting fragments": {object{"plugins": object{"@acme/x": object{"version": "1.0.0", "config": "a: 1"}, "@acme/y": object{"version": "1.0.0", "config": "a: 2"}}}, []string{"plugins"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := coreFor(t, newFakeAPI(t)).instance().plan(t, with(acme(), c.config))
			if !p.diags.hasErrors() {
				t.Fatal("it was planned")
			}
			want(t, p.diags.errors(), c.says...)
			if strings.Contains(p.diags.errors(), "Value Conversion Error") {
				t.Errorf("the provider blames itself: %s", p.diags.errors())
			}
		})
	}
}

func TestASecretIsDefinedByItsNameAlone(t *testing.T) {
	t.Parallel()
	config := with(acme(), object{"config": "a: ${TOKEN}\n", "secrets_wo": object{"TOKEN": unknown}, "secrets_wo_version": 1})
	must(t, "plan", coreFor(t, newFakeAPI(t)).instance().plan(t, config).diags)
}

func TestSecretsThatAreStoredNeedNotBeWritten(t *testing.T) {
	t.Parallel()
	instance := coreFor(t, newFakeAPI(t)).instance()
	config := with(acme(), object{"config": "a: ${TOKEN}\n", "secrets_wo": object{"TOKEN": "x"}, "secrets_wo_version": 1})
	must(t, "create", instance.apply(t, instance.plan(t, config)))
	imported := instance.plan(t, with(config, object{"secrets_wo": nil}))
	must(t, "plan of what an import writes", imported.diags)
	if diff := instance.changes(imported); diff != "" {
		t.Errorf("what an import writes plans\n%s", diff)
	}
}

func TestBadPluginInputIsAnErrorAtPlan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config object
		says   []string
	}{
		"package":              {object{"package": "Not A Package"}, []string{`[AttributeName("package")]`}},
		"version":              {object{"version": "latest"}, []string{`[AttributeName("version")]`}},
		"workspace":            {object{"workspace": "-"}, []string{`[AttributeName("workspace")]`}},
		"config":               {object{"config": "a: ["}, []string{`[AttributeName("config")]`, "Line "}},
		"a key of the manager": {object{"config": "backend: {listen: ':80'}"}, []string{`[AttributeName("config")]`, "backend.listen"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := coreFor(t, newFakeAPI(t)).plugin().plan(t, with(argoCD(), c.config))
			if !p.diags.hasErrors() {
				t.Fatal("it was planned")
			}
			want(t, p.diags.errors(), c.says...)
		})
	}
}

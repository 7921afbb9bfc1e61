package provider_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const baseConfig = `
backend:
  cors:
    origin: http://localhost:3000
proxy:
  endpoints:
    /a: {target: "https://a.example.com"}
`

// existing is an instance that was created with the configuration, and what Terraform tracks of it.
func existing(t *testing.T, api *fakeAPI, config object) *resource {
	t.Helper()
	instance := coreFor(t, api).instance()
	must(t, "create", instance.apply(t, instance.plan(t, config)))
	return instance
}

// with is a copy of a configuration with some attributes set.
func with(config object, changes object) object {
	changed := object{}
	for _, layer := range []object{config, changes} {
		for name, value := range layer {
			changed[name] = value
		}
	}
	return changed
}

func acme() object { return object{"workspace": "acme", "config": baseConfig} }

func TestACreateIsPlannedWithKnownValues(t *testing.T) {
	t.Parallel()
	p := coreFor(t, newFakeAPI(t)).instance().plan(t, acme())
	must(t, "plan", p.diags)
	got := object{}
	for _, name := range []string{"release", "memory_limit_mib", "deletion_protection", "change_impact", "restart_revision", "url"} {
		got[name] = p.get(name)
	}
	expected := object{
		"release": "1.55.0", "memory_limit_mib": 1024, "deletion_protection": true, "change_impact": "none",
		"restart_revision": 0, "url": unknown,
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if p.diags.warnings() != "" {
		t.Errorf("warnings: %s", p.diags.warnings())
	}
}

func TestADocumentThatMeansTheSamePlansNoChange(t *testing.T) {
	t.Parallel()
	instance := existing(t, newFakeAPI(t), acme())
	for name, config := range map[string]string{
		"json":     `{"proxy": {"endpoints": {"/a": {"target": "https://a.example.com"}}}, "backend": {"cors": {"origin": "http://localhost:3000"}}}`,
		"comments": "# why\n" + baseConfig,
	} {
		p := instance.plan(t, with(acme(), object{"config": config}))
		must(t, name, p.diags)
		if diff := instance.changes(p); diff != "" {
			t.Errorf("%s plans a change:\n%s", name, diff)
		}
	}
}

func TestALiveChangeIsPlannedAsOne(t *testing.T) {
	t.Parallel()
	instance := existing(t, newFakeAPI(t), acme())
	config := with(acme(), object{"config": baseConfig + `    /b: {target: "https://b.example.com"}` + "\n"})
	p := instance.plan(t, config)
	must(t, "plan", p.diags)
	if p.get("change_impact") != "live" || p.get("restart_revision") != 0 {
		t.Errorf("impact = %v, revision = %v, want live and 0", p.get("change_impact"), p.get("restart_revision"))
	}
	reasons := p.get("change_reasons").([]any)
	if len(reasons) != 1 || reasons[0].(object)["path"] != `proxy.endpoints["/b"]` {
		t.Errorf("reasons = %v", reasons)
	}
	if p.diags.warnings() != "" {
		t.Errorf("warnings: %s", p.diags.warnings())
	}
	must(t, "apply", instance.apply(t, p))
	if diff := instance.changes(instance.plan(t, config)); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
	if instance.get("change_impact") != "live" {
		t.Errorf("change_impact = %v, want it kept", instance.get("change_impact"))
	}
}

func TestARestartIsPlannedWithAReasonARevisionAndOneWarning(t *testing.T) {
	t.Parallel()
	instance := existing(t, newFakeAPI(t), acme())
	restart := with(acme(), object{"config": `backend: {cors: {origin: "http://other:3000"}}` + "\n" + baseConfig[len("\nbackend:\n  cors:\n    origin: http://localhost:3000\n"):]})
	p := instance.plan(t, restart)
	must(t, "plan", p.diags)
	if p.get("change_impact") != "restart" || p.get("restart_revision") != unknown {
		t.Errorf("impact = %v, revision = %v, want restart and unknown", p.get("change_impact"), p.get("restart_revision"))
	}
	want(t, p.diags.warnings(), "Instance acme will be restarted", "backend.cors.origin: restart, because ")
	must(t, "apply", instance.apply(t, p))
	if instance.get("restart_revision") != 1 {
		t.Errorf("restart_revision = %v, want 1", instance.get("restart_revision"))
	}

	// A second restart in a row has the same impact, and still shows.
	p = instance.plan(t, with(restart, object{"memory_limit_mib": 2048}))
	if p.get("change_impact") != "restart" || p.get("restart_revision") != unknown {
		t.Errorf("impact = %v, revision = %v, want restart and unknown", p.get("change_impact"), p.get("restart_revision"))
	}
	must(t, "apply", instance.apply(t, p))
	if instance.get("restart_revision") != 2 {
		t.Errorf("restart_revision = %v, want 2", instance.get("restart_revision"))
	}
}

func TestMetadataCostsNothing(t *testing.T) {
	t.Parallel()
	instance := existing(t, newFakeAPI(t), acme())
	p := instance.plan(t, with(acme(), object{"deletion_protection": false}))
	must(t, "plan", p.diags)
	if p.get("change_impact") != "none" || p.get("restart_revision") != 0 {
		t.Errorf("impact = %v, revision = %v, want none and 0", p.get("change_impact"), p.get("restart_revision"))
	}
}

func TestAnotherVersionOfAPluginIsAnUpgrade(t *testing.T) {
	t.Parallel()
	plugins := func(version string) object {
		return with(acme(), object{"plugins": object{"@acme/plugin-x-backend": object{"version": version}}})
	}
	instance := existing(t, newFakeAPI(t), plugins("1.0.0"))
	p := instance.plan(t, plugins("1.1.0"))
	must(t, "plan", p.diags)
	if p.get("change_impact") != "upgrade" || p.get("restart_revision") != unknown {
		t.Errorf("impact = %v, revision = %v, want upgrade and unknown", p.get("change_impact"), p.get("restart_revision"))
	}
	want(t, p.diags.warnings(), "Instance acme will be restarted: It is an upgrade: requests wait while the process is replaced "+
		"and the database is copied.\n\n- plugins[")
}

func TestUnknownInputsMakeTheImpactUnknownUntilApply(t *testing.T) {
	t.Parallel()
	instance := existing(t, newFakeAPI(t), acme())
	for name, changed := range map[string]object{
		"config":  {"config": unknown},
		"plugins": {"plugins": unknown},
		"plugin":  {"plugins": object{"@acme/plugin-x-backend": object{"version": "1.0.0", "config": unknown}}},
		"secrets": {"secrets_wo": unknown, "secrets_wo_version": 7},
	} {
		p := instance.plan(t, with(acme(), changed))
		must(t, name, p.diags)
		for _, attribute := range []string{"change_impact", "change_reasons", "restart_revision"} {
			if p.get(attribute) != unknown {
				t.Errorf("unknown %s: %s = %v, want unknown", name, attribute, p.get(attribute))
			}
		}
	}
}

func TestACreateWithUnknownConfigKnowsItsImpact(t *testing.T) {
	t.Parallel()
	p := coreFor(t, newFakeAPI(t)).instance().plan(t, object{"workspace": "acme", "config": unknown})
	must(t, "plan", p.diags)
	if p.get("change_impact") != "none" || p.get("restart_revision") != 0 {
		t.Errorf("impact = %v, revision = %v, want none and 0", p.get("change_impact"), p.get("restart_revision"))
	}
}

func TestDeletionProtectionStopsADestroyAndAReplacementAtPlan(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	for name, config := range map[string]object{
		"destroy":     nil,
		"replacement": with(acme(), object{"workspace": "other", "deletion_protection": false}),
		"unknown":     with(acme(), object{"workspace": unknown}),
	} {
		p := instance.plan(t, config)
		want(t, p.diags.errors(), "deletion_protection", "Instance acme is protected from deletion", "apply deletion_protection = false first")
		if !p.diags.hasErrors() {
			t.Errorf("%s was planned", name)
		}
	}
	must(t, "unprotect", instance.apply(t, instance.plan(t, with(acme(), object{"deletion_protection": false}))))
	replacement := instance.plan(t, object{"workspace": "other"})
	must(t, "replacement", replacement.diags)
	if len(replacement.replace) != 1 {
		t.Errorf("replaced by %v, want by workspace", replacement.replace)
	}
	must(t, "destroy", instance.apply(t, instance.plan(t, nil)))
	if instance.exists() || len(api.instances) != 0 {
		t.Error("the instance is still there")
	}
}

func TestWhatOrbitdFindsIsShownAtTheAttribute(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactRestart, Diagnostics: []orbit.Diagnostic{
		{Code: orbit.CodeVersionNotFound, Severity: orbit.SeverityError, Plugin: "@acme/plugin-x-backend", Message: "there is no 9.9.9"},
		{Code: orbit.CodeUnchecked, Severity: orbit.SeverityWarning, Message: "the registry is down"},
	}}
	p := coreFor(t, api).instance().plan(t, with(acme(), object{
		"plugins": object{"@acme/plugin-x-backend": object{"version": "9.9.9"}},
	}))
	want(t, p.diags.errors(), `ElementKeyString("@acme/plugin-x-backend")] Invalid`, "Plugin @acme/plugin-x-backend: there is no 9.9.9.")
	want(t, p.diags.warnings(), "Instance acme is not fully checked", "The registry is down.")
}

// Terraform shows one of the warnings with a summary and counts the others: those of a development's many instances have
// one, and each names its instance in the text.
func TestGuestsAreToldOfInOneWarningOfEachInstance(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	finding := orbit.Diagnostic{
		Code: orbit.CodeGuestSignIn, Severity: orbit.SeverityWarning, Path: "auth.providers.guest", Line: 1, Column: 2,
		Message: "everybody who reaches http://acme.localhost:7007 is signed in as a guest",
	}
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactNone, Diagnostics: []orbit.Diagnostic{finding}}
	got := coreFor(t, api).instance().plan(t, acme()).diags.warnings()
	want(t, got, "Everybody is signed in as a guest: ", "http://acme.localhost:7007")
	if n := strings.Count(got, "Everybody is"); n != 1 {
		t.Errorf("%d warnings: %s", n, got)
	}
	api.plan.Diagnostics[0].Severity = orbit.SeverityError
	want(t, coreFor(t, api).instance().plan(t, acme()).diags.errors(), "Invalid instance acme")
}

func TestAFindingAboutAPluginDeclaredElsewhereBlamesNoAttributeHere(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	finding := orbit.Diagnostic{
		Code: orbit.CodeUndefinedSecret, Severity: orbit.SeverityWarning, Plugin: argoCDPackage, Line: 3, Column: 2,
		Message: "${TOKEN} refers to a secret that is not defined",
	}
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactRestart, Diagnostics: []orbit.Diagnostic{finding}}
	text := "Instance acme may not work as planned: Plugin " + argoCDPackage + ": line 3, column 2 of config: ${TOKEN} refers to"
	p := coreFor(t, api).instance().plan(t, acme())
	if got := p.diags.warnings(); !strings.HasPrefix(got, text) {
		t.Errorf("warnings = %q, want %q without an attribute", got, text)
	}
	p = coreFor(t, api).plugin().plan(t, with(argoCD(), object{"package": "@acme/plugin-x-backend"}))
	if got := p.diags.warnings(); strings.Contains(got, "[AttributeName(") {
		t.Errorf("warnings = %q, want no attribute", got)
	}
	// The instance's own document is none of the plugin's.
	api.plan.Diagnostics[0].Plugin = ""
	got := coreFor(t, api).plugin().plan(t, argoCD()).diags.warnings()
	want(t, got, "Line 3, column 2 of the instance's config: ")
	if strings.Contains(got, "[AttributeName(") {
		t.Errorf("warnings = %q, want no attribute", got)
	}
}

// Terraform shows the first of several warnings with one summary and counts the others, and the whole attribute with every
// error.
func TestWarningsAreShownTogetherAndErrorsByAttribute(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	literal := orbit.Diagnostic{Code: orbit.CodeNoEffect, Severity: orbit.SeverityWarning, Line: 4, Column: 3,
		Path: "integrations.github[0].token", Message: "nobody reads it"}
	missing := orbit.Diagnostic{Code: orbit.CodeMissingKey, Severity: orbit.SeverityWarning, Line: 2, Column: 3,
		Path: "catalog.locations[0].target", Message: "add it"}
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactRestart, Diagnostics: []orbit.Diagnostic{literal, missing}}
	want(t, coreFor(t, api).instance().plan(t, acme()).diags.warnings(), `AttributeName("config")`,
		"- Line 4, column 3 of config, integrations.github[0].token: nobody reads it.\n- Line 2, column 3 of config, catalog.")

	elsewhere := missing
	elsewhere.Plugin = argoCDPackage
	api.plan.Diagnostics = []orbit.Diagnostic{literal, elsewhere}
	if got := coreFor(t, api).instance().plan(t, acme()).diags.warnings(); strings.Contains(got, "AttributeName(") {
		t.Errorf("warnings about two places = %q, want them at no attribute", got)
	}

	// The attribute's text would have the secret, and another document than the plugin's in the map.
	secret := orbit.Diagnostic{Code: orbit.CodeLiteralSecret, Severity: orbit.SeverityError, Line: 4, Column: 3, Message: "this is a secret"}
	inMap := orbit.Diagnostic{Code: orbit.CodeWrongType, Severity: orbit.SeverityError, Plugin: argoCDPackage, Line: 2, Column: 3,
		Message: argoCDPackage + " wants a number here"}
	api.plan.Diagnostics = []orbit.Diagnostic{secret, inMap}
	errs := coreFor(t, api).instance().plan(t, with(acme(), object{"plugins": object{argoCDPackage: object{"version": "4.8.0"}}})).diags.errors()
	want(t, errs, "Line 4, column 3 of the instance's config: this is a secret.", "Plugin "+argoCDPackage+": line 2, column 3 of config: ")
	if strings.Contains(errs, `AttributeName("config")`) {
		t.Errorf("errors = %q, want none at config", errs)
	}

	for _, code := range []orbit.Code{orbit.CodeWrongType, orbit.CodeInvalidValue, orbit.CodeUnknownKey, orbit.CodeWillNotBoot} {
		api.plan.Diagnostics = []orbit.Diagnostic{{Code: code, Severity: orbit.SeverityError, Line: 3, Column: 1, Message: "it is wrong"}}
		want(t, coreFor(t, api).instance().plan(t, acme()).diags.errors(), `AttributeName("config")`, "Line 3, column 1 of config: it is wrong.")
		api.plan.Diagnostics[0].Plugin = argoCDPackage
		want(t, coreFor(t, api).plugin().plan(t, argoCD()).diags.errors(), `AttributeName("config")`, "Line 3, column 1 of config: it is wrong.")
	}

	wrong := orbit.Diagnostic{Code: orbit.CodeWrongType, Severity: orbit.SeverityError, Line: 3, Column: 1, Message: "it is wrong"}
	undefined := orbit.Diagnostic{Code: orbit.CodeInvalidVersion, Severity: orbit.SeverityError, Plugin: argoCDPackage, Message: "no version"}
	api.plan.Diagnostics = []orbit.Diagnostic{wrong, undefined, wrong}
	p := coreFor(t, api).instance().plan(t, acme())
	want(t, p.diags.errors(), "- Line 3, column 1 of config: it is wrong.\n- Line 3, column 1 of config: it is wrong.", "no version.")
	if got := len(p.diags); got != 2 {
		t.Errorf("%d diagnostics, want one for each place", got)
	}
}

func TestThePlanCarriesNamesOfSecretsAndNeverValues(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	secrets := with(acme(), object{"secrets_wo": object{"B": "vb", "A": "va"}, "secrets_wo_version": 1})
	instance := existing(t, api, secrets)
	first := api.sent("POST")[0].Plan
	if diff := cmp.Diff([]string{"A", "B"}, first.SecretNames); diff != "" {
		t.Errorf("secret names at create (-want +got):\n%s", diff)
	}
	must(t, "plan", instance.plan(t, with(secrets, object{"memory_limit_mib": 512})).diags)
	plans := api.sent("POST")
	if last := plans[len(plans)-1].Plan; last.SecretNames != nil {
		t.Errorf("secret names without a new version = %v, want none: the stored ones stay", last.SecretNames)
	}
}

func TestAWrongTokenStopsAPlan(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	wrong := newCore(t, object{"endpoint": api.URL, "token": "wrong-value"}).instance().plan(t, acme())
	want(t, wrong.diags.errors(), "Unable to plan instance acme", "token", "Request r-1")
	want(t, wrong.diags.errors(), "orbitd at "+api.URL+" does not accept the token from token. Its token is in the file token "+
		"of its data directory.")
	missing := newCore(t, object{"endpoint": api.URL, "token_file": "/nowhere/token"}).instance().plan(t, acme())
	want(t, missing.diags.errors(), "file that token_file names", "/nowhere/token", "name the file token of orbitd's data directory")
}

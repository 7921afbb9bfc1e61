package provider_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const catalogInfo = "https://github.com/acme/payments/blob/main/catalog-info.yaml"

func (c *core) location() *resource { return c.resource("orbit_backstage_catalog_location") }

func payments() object { return object{"workspace": "acme", "target": catalogInfo} }

// catalogAPI has an instance, whose catalog is empty.
func catalogAPI(t *testing.T) *fakeAPI {
	t.Helper()
	api := newFakeAPI(t)
	existing(t, api, acme())
	return api
}

func existingLocation(t *testing.T, api *fakeAPI, config object) *resource {
	t.Helper()
	location := coreFor(t, api).location()
	must(t, "create", location.apply(t, location.plan(t, config)))
	return location
}

func TestALocationIsRegisteredReadAndRemoved(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	location := coreFor(t, api).location()
	p := location.plan(t, payments())
	must(t, "plan", p.diags)
	if p.get("entities") != unknown || p.get("location_id") != unknown {
		t.Errorf("planned %v", decode(p.value))
	}
	if diags := location.apply(t, p); len(diags) != 0 {
		t.Errorf("diagnostics = %v, want none", diags)
	}
	expected := object{
		"workspace": "acme", "target": catalogInfo, "location_id": "l1", "entities": []any{"component:default/payments"},
		"problems": []any{}, "timeouts": nil,
	}
	if diff := cmp.Diff(expected, decode(location.state)); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if wait := api.waits[0]; wait < 55 || wait > 60 {
		t.Errorf("wait_seconds = %d, want those of the standard timeout", wait)
	}
	must(t, "refresh", location.refresh(t))
	if diff := location.changes(location.plan(t, payments())); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
	must(t, "destroy", location.apply(t, location.plan(t, nil)))
	if len(api.locations["acme"]) != 0 {
		t.Error("the location is still there")
	}
}

func TestWhatTheCatalogDoesLaterIsNoChange(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	location := existingLocation(t, api, payments())
	api.change(t, func() {
		api.locations["acme"]["l1"].Entities = []string{"component:default/ledger", "component:default/payments"}
		api.locations["acme"]["l1"].Problems = []string{"NotFoundError: the file is gone"}
	})
	// A run that changes something else of it without having read it first.
	longer := with(payments(), object{"timeouts": object{"create": "2m"}})
	must(t, "update", location.apply(t, location.plan(t, longer)))
	diags := location.read(t)
	must(t, "refresh", diags)
	want(t, diags.warnings(), "problems with location "+catalogInfo, "NotFoundError: the file is gone", "tries again by itself")
	if got := location.get("entities").([]any); len(got) != 2 {
		t.Errorf("entities = %v", got)
	}
	if diff := location.changes(location.plan(t, longer)); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
	if diags := location.read(t); len(diags) != 0 {
		t.Errorf("what is known is told again: %s", diags.warnings())
	}
	if len(api.waits) != 1 {
		t.Errorf("%d registrations, want none for the timeouts", len(api.waits))
	}
}

func TestATargetWithProblemsIsRegisteredWithAWarning(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.produces = map[string]orbit.CatalogLocation{catalogInfo: {Problems: []string{"NotFoundError: 404, Not Found"}}}
	location := coreFor(t, api).location()
	diags := location.apply(t, location.plan(t, payments()))
	must(t, "create", diags)
	want(t, diags.warnings(), `[AttributeName("target")]`, "The catalog has problems with location", "NotFoundError: 404, Not Found")
	if len(diags) != 1 || location.get("location_id") != "l1" {
		t.Errorf("diagnostics = %s, state = %v", diags.warnings(), decode(location.state))
	}
}

func TestATargetThatIsNotReadYetIsRegisteredWithAWarning(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.produces = map[string]orbit.CatalogLocation{catalogInfo: {}}
	location := coreFor(t, api).location()
	diags := location.apply(t, location.plan(t, with(payments(), object{"timeouts": object{"create": "20s"}})))
	must(t, "create", diags)
	want(t, diags.warnings(), "has not read location", "after 20s", "timeouts.create")
	if wait := api.waits[0]; wait < 15 || wait > 20 {
		t.Errorf("wait_seconds = %d, want those of timeouts.create", wait)
	}
}

func TestAnotherTargetReplacesALocation(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	location := existingLocation(t, api, payments())
	for attribute, value := range map[string]string{"target": "https://example.com/all.yaml", "workspace": "beta"} {
		p := location.plan(t, with(payments(), object{attribute: value}))
		must(t, "plan", p.diags)
		if len(p.replace) != 1 {
			t.Errorf("%s: replaced by %v, want by it", attribute, p.replace)
		}
	}
}

func TestALocationOfSomebodyElseIsNotTakenOver(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.change(t, func() { api.register("acme", catalogInfo) })
	location := coreFor(t, api).location()
	diags := location.apply(t, location.plan(t, payments()))
	want(t, diags.errors(), "Unable to create location", "terraform import ADDRESS 'acme/"+catalogInfo+"'")
	if location.exists() {
		t.Error("it is tracked")
	}
}

func TestAVanishedLocationIsPlannedAgain(t *testing.T) {
	t.Parallel()
	for name, vanish := range map[string]func(*fakeAPI){
		"location": func(api *fakeAPI) { clear(api.locations["acme"]) },
		"instance": func(api *fakeAPI) { clear(api.instances) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := catalogAPI(t)
			location := existingLocation(t, api, payments())
			forgotten := *location
			api.change(t, func() { vanish(api) })
			must(t, "refresh", location.refresh(t))
			if location.exists() {
				t.Error("it is still tracked")
			}
			must(t, "destroy what is gone", forgotten.apply(t, forgotten.plan(t, nil)))
		})
	}
}

func TestALocationThatWasRegisteredAgainIsFoundByItsTarget(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	location := existingLocation(t, api, payments())
	api.change(t, func() {
		clear(api.locations["acme"])
		api.register("acme", "https://example.com/other.yaml")
		api.register("acme", catalogInfo)
	})
	must(t, "refresh", location.refresh(t))
	if location.get("location_id") != "l3" {
		t.Errorf("location_id = %v, want the new one", location.get("location_id"))
	}
	if diff := location.changes(location.plan(t, payments())); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
}

func TestALocationIsImportedByIDAndByIdentity(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	existingLocation(t, api, payments())
	for name, imported := range map[string]func(*resource) diagnostics{
		"id":       func(r *resource) diagnostics { return r.importAs(t, "acme/"+catalogInfo, nil) },
		"identity": func(r *resource) diagnostics { return r.importAs(t, "", payments()) },
	} {
		location := coreFor(t, api).location()
		must(t, name, imported(location))
		if diff := location.changes(location.plan(t, payments())); diff != "" || location.identity == nil {
			t.Errorf("%s: the plan is not empty, or there is no identity:\n%s", name, diff)
		}
	}
	missing := coreFor(t, api).location()
	if diags := missing.importAs(t, "acme/https://example.com/none.yaml", nil); diags.hasErrors() || missing.exists() {
		t.Errorf("exists = %v, %s", missing.exists(), diags.errors())
	}
	for id, says := range map[string]string{
		"acme": "has no target", "acme/catalog-info.yaml": "cannot be read", "ACME/" + catalogInfo: "not a DNS label", "l1": "workspace/target",
	} {
		want(t, coreFor(t, api).location().importAs(t, id, nil).errors(), "Invalid import id", says)
	}
}

func TestAWrongLocationIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	for name, wrong := range map[string]object{
		`AttributeName("target")`:    {"target": "./catalog-info.yaml"},
		`has a user in it`:           {"target": "https://bot:s3cret@example.com/a.yaml"},
		`AttributeName("workspace")`: {"workspace": "Acme"},
		"in which nothing":           {"timeouts": object{"create": "0s"}},
	} {
		text := coreFor(t, api).location().plan(t, with(payments(), wrong)).diags.errors()
		want(t, text, name)
		if strings.Contains(text, "s3cret") {
			t.Errorf("the password is shown: %s", text)
		}
	}
	p := coreFor(t, api).location().plan(t, object{"workspace": unknown, "target": unknown})
	must(t, "plan with unknown values", p.diags)
}

func TestALocationOfAWorkspaceWithoutInstanceSaysSo(t *testing.T) {
	t.Parallel()
	location := coreFor(t, newFakeAPI(t)).location()
	want(t, location.apply(t, location.plan(t, payments())).errors(), `[AttributeName("workspace")]`, "The workspace has no instance")
}

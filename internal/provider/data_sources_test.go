package provider_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// data validates and reads a data source.
func (c *core) data(t *testing.T, name string, config object) (object, diagnostics) {
	t.Helper()
	typ := c.schema.DataSourceSchemas[name].ValueType()
	value := dynamic(t, typ, encode(t, typ, config))
	validated, err := c.server.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	if diags := diagnostics(validated.Diagnostics); diags.hasErrors() {
		return nil, diags
	}
	answer, err := c.server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	if diags := diagnostics(answer.Diagnostics); diags.hasErrors() {
		return nil, diags
	}
	return decode(undynamic(t, typ, answer.State)).(object), answer.Diagnostics
}

// estate has five instances, which is more than a page.
func estate(t *testing.T) *fakeAPI {
	t.Helper()
	api := newFakeAPI(t)
	for i, phase := range []orbit.Phase{orbit.PhaseReady, orbit.PhaseFailed, orbit.PhaseReady, orbit.PhaseUpdating, orbit.PhaseReady} {
		workspace := fmt.Sprintf("team-%d", i)
		api.instances[workspace] = &orbit.Instance{
			Workspace: workspace, URL: "http://" + workspace + ".localhost:7007", APIURL: "http://" + workspace + ".localhost:7007/api",
			DatabaseName: "backstage_" + workspace,
			InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", Labels: map[string]string{"stage": []string{"dev", "prod"}[i%2]}},
			Status:       orbit.InstanceStatus{Phase: phase, PendingRestart: i == 2},
		}
	}
	api.instances["team-4"].Labels, api.instances["team-4"].RestartPolicy = nil, orbit.RestartManual
	return api
}

func TestInstancesAreListedByLabelAndPhase(t *testing.T) {
	t.Parallel()
	core := coreFor(t, estate(t))
	for name, step := range map[string]struct {
		config object
		found  []any
	}{
		"all":         {object{}, []any{"team-0", "team-1", "team-2", "team-3", "team-4"}},
		"by label":    {object{"labels": object{"stage": "dev"}}, []any{"team-0", "team-2"}},
		"by phase":    {object{"phase": "Ready"}, []any{"team-0", "team-2", "team-4"}},
		"by both":     {object{"phase": "Failed", "labels": object{"stage": "prod"}}, []any{"team-1"}},
		"none at all": {object{"labels": object{"stage": "test"}}, []any{}},
	} {
		model, diags := core.data(t, "orbit_backstage_instances", step.config)
		must(t, name, diags)
		if diff := cmp.Diff(step.found, model["workspaces"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if len(model["instances"].([]any)) != len(step.found) {
			t.Errorf("%s: instances = %v", name, model["instances"])
		}
	}
	model, _ := core.data(t, "orbit_backstage_instances", object{})
	expected := object{
		"workspace": "team-2", "url": "http://team-2.localhost:7007", "api_url": "http://team-2.localhost:7007/api",
		"database_name": "backstage_team-2", "release": "1.55.0", "labels": object{"stage": "dev"}, "phase": "Ready",
		"restart_policy": "auto", "pending_restart": true,
	}
	if diff := cmp.Diff(expected, model["instances"].([]any)[2]); diff != "" {
		t.Errorf("instance (-want +got):\n%s", diff)
	}
	if last := model["instances"].([]any)[4].(object); cmp.Diff(object{}, last["labels"]) != "" || last["restart_policy"] != "manual" {
		t.Errorf("instance = %v", last)
	}
	_, diags := core.data(t, "orbit_backstage_instances", object{"phase": "ready"})
	want(t, diags.errors(), `AttributeName("phase")`)
}

func TestReleasesAreListed(t *testing.T) {
	t.Parallel()
	model, diags := coreFor(t, newFakeAPI(t)).data(t, "orbit_backstage_releases", object{})
	must(t, "read", diags)
	expected := object{
		"default": "1.55.0", "versions": []any{"1.55.0", "1.54.0"},
		"releases": []any{
			object{
				"version": "1.55.0", "default": true, "node": "24.21.0", "postgres": "18.4",
				"packages": object{"@backstage/plugin-catalog-backend": "3.0.0", "@backstage/catalog-model": "1.7.0"},
				"features": []any{"@backstage/plugin-catalog-backend"},
			},
			object{
				"version": "1.54.0", "default": false, "node": "24.20.0", "postgres": "18.3",
				"packages": object{"@backstage/plugin-catalog-backend": "3.0.0"}, "features": []any{"@backstage/plugin-catalog-backend"},
			},
		},
	}
	if diff := cmp.Diff(expected, model); diff != "" {
		t.Errorf("data source (-want +got):\n%s", diff)
	}
}

func entity(kind, namespace, name string) orbit.Entity {
	return json.RawMessage(fmt.Sprintf(`{"kind":%q,"metadata":{"namespace":%q,"name":%q},"spec":{"owner":"team-a"}}`, kind, namespace, name))
}

func TestEntitiesAreReadThroughAllPages(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.entities = map[string][]orbit.Entity{"acme": {
		entity("Component", "default", "Payments"), entity("API", "default", "ledger"), entity("Component", "", "audit"),
		entity("System", "money", "books"), entity("Component", "default", "zebra"),
	}}
	core := coreFor(t, api)
	model, diags := core.data(t, "orbit_backstage_catalog_entities", object{
		"workspace": "acme", "filters": []any{"kind=component,spec.type=service", "kind=api"}, "fields": []any{"spec.owner"},
	})
	must(t, "read", diags)
	refs := []any{
		"api:default/ledger", "component:default/audit", "component:default/payments", "component:default/zebra", "system:money/books",
	}
	if diff := cmp.Diff(refs, model["refs"]); diff != "" || model["truncated"] != false {
		t.Errorf("truncated = %v, refs (-want +got):\n%s", model["truncated"], diff)
	}
	expected := object{
		"ref": "component:default/payments", "kind": "Component", "namespace": "default", "name": "Payments",
		"json": string(entity("Component", "default", "Payments")),
	}
	if diff := cmp.Diff(expected, model["entities"].([]any)[2]); diff != "" {
		t.Errorf("entity (-want +got):\n%s", diff)
	}
	if len(api.queries) != 3 {
		t.Errorf("%d requests, want one for each page", len(api.queries))
	}
	for _, query := range api.queries {
		if diff := cmp.Diff([]string{"kind=component,spec.type=service", "kind=api"}, query["filter"]); diff != "" {
			t.Errorf("filter (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"kind", "metadata.namespace", "metadata.name", "spec.owner"}, query["field"]); diff != "" {
			t.Errorf("field (-want +got):\n%s", diff)
		}
	}
}

func TestEntitiesStopAtTheirLimit(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.entities = map[string][]orbit.Entity{"acme": {
		entity("Component", "default", "a"), entity("Component", "default", "b"), entity("Component", "default", "c"),
	}}
	for limit, step := range map[int]struct {
		found     int
		truncated bool
	}{1: {1, true}, 2: {2, true}, 3: {3, false}, 4: {3, false}} {
		model, diags := coreFor(t, api).data(t, "orbit_backstage_catalog_entities", object{"workspace": "acme", "limit": limit})
		must(t, "read", diags)
		if len(model["refs"].([]any)) != step.found || model["truncated"] != step.truncated {
			t.Errorf("limit %d: %v, truncated = %v", limit, model["refs"], model["truncated"])
		}
	}
}

func TestMoreEntitiesThanAnybodyAskedForAreWarnedOf(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	many := make([]orbit.Entity, 501)
	for i := range many {
		many[i] = entity("Component", "default", fmt.Sprintf("c%03d", i))
	}
	api.entities, api.entitiesPage = map[string][]orbit.Entity{"acme": many}, len(many)
	model, diags := coreFor(t, api).data(t, "orbit_backstage_catalog_entities", object{"workspace": "acme"})
	must(t, "read", diags)
	want(t, diags.warnings(), "The catalog of acme has more entities", "500 were read")
	if len(model["refs"].([]any)) != 500 || model["truncated"] != true || len(api.queries) != 1 {
		t.Errorf("%d entities, truncated = %v, %d requests", len(model["refs"].([]any)), model["truncated"], len(api.queries))
	}
	_, diags = coreFor(t, api).data(t, "orbit_backstage_catalog_entities", object{"workspace": "acme", "limit": 500})
	if len(diags) != 0 {
		t.Errorf("a limit that was asked for is warned of: %s", diags.warnings())
	}
}

func TestEntitiesThatCannotBeReadSayWhy(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	core := coreFor(t, api)
	read := func(config object) string {
		_, diags := core.data(t, "orbit_backstage_catalog_entities", config)
		return diags.errors()
	}
	want(t, read(object{"workspace": "acme", "filters": []any{"kind"}}), `[AttributeName("filters")]`, "Unable to read the catalog of acme",
		"'kind' is not a valid statement", "Request r-1")
	want(t, read(object{"workspace": "beta"}), `[AttributeName("workspace")]`, "The workspace has no instance")
	want(t, read(object{"workspace": "Beta"}), "not a DNS label")
	want(t, read(object{"workspace": "acme", "limit": 0}), `AttributeName("limit")`)
	want(t, read(object{"workspace": "acme", "limit": 10001}), `AttributeName("limit")`)
	want(t, read(object{"workspace": "acme", "filters": []any{""}}), `AttributeName("filters")`)
	api.change(t, func() { api.catalogAway = 1000 })
	want(t, read(object{"workspace": "acme"}), "Unable to read the catalog of acme", "serves nothing now")
	api.change(t, func() {
		api.catalogAway, api.entities = 0, map[string][]orbit.Entity{"acme": {json.RawMessage(`{"kind":7}`)}}
	})
	want(t, read(object{"workspace": "acme"}), "Read an entity")
}

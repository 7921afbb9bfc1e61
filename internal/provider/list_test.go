package provider_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// result is what a list resource found.
type result struct {
	name               string
	identity, resource object
}

// query lists as terraform query does. A limit of 0 is none.
func (c *core) query(t *testing.T, typeName string, config object, limit int64, whole bool) (results []result, diags diagnostics) {
	t.Helper()
	server := c.server.(tfprotov6.ListResourceServer)
	typ := c.schema.ListResourceSchemas[typeName].ValueType()
	value := dynamic(t, typ, encode(t, typ, config))
	validated, err := server.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{TypeName: typeName, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	if diags = validated.Diagnostics; diags.hasErrors() {
		return nil, diags
	}
	stream, err := server.ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: typeName, Config: value, Limit: limit, IncludeResource: whole})
	if err != nil {
		t.Fatal(err)
	}
	identities, err := c.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for found := range stream.Results {
		diags = append(diags, found.Diagnostics...)
		if found.Identity == nil {
			continue
		}
		one := result{name: found.DisplayName}
		one.identity, _ = decode(undynamic(t, identities.IdentitySchemas[typeName].ValueType(), found.Identity.IdentityData)).(object)
		if found.Resource != nil {
			one.resource, _ = decode(undynamic(t, c.schema.ResourceSchemas[typeName].ValueType(), found.Resource)).(object)
		}
		results = append(results, one)
	}
	return results, diags
}

func names(results []result) []string {
	var names []string
	for _, r := range results {
		names = append(names, r.name)
	}
	return names
}

const (
	instanceType = "orbit_backstage_instance"
	pluginType   = "orbit_backstage_plugin"
	locationType = "orbit_backstage_catalog_location"
	somePlugin   = "@roadiehq/backstage-plugin-argo-cd-backend"
)

// listedAPI is an API with five instances; the first two have a plugin that is a resource of its own.
func listedAPI(t *testing.T) *fakeAPI {
	t.Helper()
	api := newFakeAPI(t)
	c := coreFor(t, api)
	for i := range 5 {
		instance, plugin := c.instance(), c.plugin()
		workspace := fmt.Sprintf("w%d", i)
		must(t, "create", instance.apply(t, instance.plan(t, object{
			"workspace": workspace, "config": "app: {title: '${TOKEN}'}", "plugins": object{"plugin-a": object{"version": "1.0.0"}},
			"secrets_wo": object{"TOKEN": "x"}, "secrets_wo_version": 3,
		})))
		if i < 2 {
			must(t, "create", plugin.apply(t, plugin.plan(t, object{"workspace": workspace, "package": somePlugin, "version": "4.8.0"})))
		}
	}
	api.change(t, func() {
		api.instances["w1"].Labels = map[string]string{"team": "payments", "stage": "dev"}
		api.instances["w2"].Labels = map[string]string{"team": "payments"}
		api.instances["w2"].Status.Phase = orbit.PhaseFailed
		api.instances["w4"].Status.Phase = orbit.PhaseDeleting
		api.register("w3", "https://git.example.com/b.yaml")
		api.register("w0", "https://git.example.com/a.yaml")
		api.plugins["w0"]["plugin-a"] = &orbit.Plugin{Workspace: "w0", Package: "plugin-a", Owner: orbit.OwnerInstance}
	})
	return api
}

func TestInstancesAreListed(t *testing.T) {
	t.Parallel()
	c := coreFor(t, listedAPI(t))
	for name, test := range map[string]struct {
		config object
		limit  int64
		want   []string
	}{
		"all but what is going": {object{}, 0, []string{"w0", "w1", "w2", "w3"}},
		"as many as wanted":     {object{}, 3, []string{"w0", "w1", "w2"}},
		"a limit that is large": {object{}, 100, []string{"w0", "w1", "w2", "w3"}},
		"by label":              {object{"labels": object{"team": "payments"}}, 0, []string{"w1", "w2"}},
		"by labels":             {object{"labels": object{"team": "payments", "stage": "dev"}}, 0, []string{"w1"}},
		"by phase":              {object{"phase": "Failed"}, 0, []string{"w2"}},
		"none":                  {object{"labels": object{"team": "x"}}, 0, nil},
	} {
		results, diags := c.query(t, instanceType, test.config, test.limit, false)
		must(t, name, diags)
		if diff := cmp.Diff(test.want, names(results)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, r := range results {
			if r.identity["workspace"] != r.name || r.resource != nil {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
	_, diags := c.query(t, instanceType, object{"phase": "Deleting"}, 0, false)
	want(t, diags.errors(), `[AttributeName("phase")]`)
}

func TestPluginsThatAreResourcesAreListed(t *testing.T) {
	t.Parallel()
	c := coreFor(t, listedAPI(t))
	all, diags := c.query(t, pluginType, object{}, 0, false)
	must(t, "all", diags)
	if diff := cmp.Diff([]string{somePlugin + " of w0", somePlugin + " of w1"}, names(all)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{"workspace": "w0", "package": somePlugin}, all[0].identity); diff != "" {
		t.Error(diff)
	}
	one, diags := c.query(t, pluginType, object{"workspace": "w1"}, 0, false)
	must(t, "of one workspace", diags)
	if diff := cmp.Diff([]string{somePlugin + " of w1"}, names(one)); diff != "" {
		t.Error(diff)
	}
	first, diags := c.query(t, pluginType, object{}, 1, false)
	must(t, "the first", diags)
	if len(first) != 1 {
		t.Error(names(first))
	}
}

func TestCatalogLocationsAreListed(t *testing.T) {
	t.Parallel()
	api := listedAPI(t)
	c := coreFor(t, api)
	all, diags := c.query(t, locationType, object{}, 0, false)
	must(t, "all", diags)
	if diff := cmp.Diff([]string{"https://git.example.com/a.yaml of w0", "https://git.example.com/b.yaml of w3"}, names(all)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{"workspace": "w0", "target": "https://git.example.com/a.yaml"}, all[0].identity); diff != "" {
		t.Error(diff)
	}
	one, diags := c.query(t, locationType, object{"workspace": "w3"}, 0, false)
	must(t, "of one workspace", diags)
	if diff := cmp.Diff([]string{"https://git.example.com/b.yaml of w3"}, names(one)); diff != "" {
		t.Error(diff)
	}
	api.change(t, func() { api.catalogAway = 100 })
	_, diags = c.query(t, locationType, object{"workspace": "w3"}, 0, false)
	want(t, diags.errors(), "Unable to list catalog locations: The instance serves nothing now.")
	all, diags = c.query(t, locationType, object{}, 0, false)
	must(t, "all without w0", diags)
	want(t, diags.warnings(), "Workspace w0 is left out of the list")
	if len(all) > 0 {
		t.Error(names(all))
	}
}

// generated is the configuration that Terraform writes for a resource that it found.
func (r *resource) generated(found object) object {
	config := object{}
	for _, attribute := range r.schema.Block.Attributes {
		if attribute.Required || attribute.Optional {
			config[attribute.Name] = found[attribute.Name]
		}
	}
	if plugins, ok := config["plugins"].(object); ok {
		for _, plugin := range plugins {
			delete(plugin.(object), "resolved_version")
		}
	}
	return config
}

func TestWhatIsListedIsWhatAnImportGivesAndPlansNoChange(t *testing.T) {
	t.Parallel()
	c := coreFor(t, listedAPI(t))
	for _, typeName := range []string{instanceType, pluginType, locationType} {
		results, diags := c.query(t, typeName, object{}, 0, true)
		must(t, typeName, diags)
		if len(results) == 0 {
			t.Errorf("no %s", typeName)
		}
		for _, r := range results {
			imported := c.resource(typeName)
			must(t, "import "+r.name, imported.importAs(t, "", r.identity))
			if diff := cmp.Diff(decode(imported.state), r.resource); diff != "" {
				t.Errorf("%s: %s", r.name, diff)
			}
			plan := imported.plan(t, imported.generated(r.resource))
			must(t, "plan "+r.name, plan.diags)
			if diff := imported.changes(plan); diff != "" {
				t.Errorf("%s: the generated configuration plans changes: %s", r.name, diff)
			}
		}
	}
}

func TestWhyNothingIsListed(t *testing.T) {
	t.Parallel()
	api := listedAPI(t)
	for name, test := range map[string]struct {
		core   *core
		config object
		say    string
	}{
		"wrong token":       {newCore(t, object{"endpoint": api.URL, "token": "wrong"}), nil, "Unable to list plugins: orbitd at "},
		"not configured":    {newCore(t, object{"endpoint": unknown}), nil, "Unable to list plugins: The provider's configuration is known only after apply: give what is read now depends_on"},
		"unknown workspace": {coreFor(t, api), object{"workspace": "missing"}, `[AttributeName("workspace")] Unable to list plugins: The workspace has no instance.`},
		"wrong workspace":   {coreFor(t, api), object{"workspace": "A"}, "not a DNS label"},
	} {
		results, diags := test.core.query(t, pluginType, test.config, 0, false)
		want(t, diags.errors(), test.say)
		if len(results) > 0 {
			t.Errorf("%s: %v", name, names(results))
		}
	}
}

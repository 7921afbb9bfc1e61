package provider_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// states are the resources of a state file that the provider wrote when its schemas had that version, by name.
func states(t *testing.T, file string) map[string]json.RawMessage {
	t.Helper()
	content, err := os.ReadFile("testdata/states/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Name      string
			Instances []struct{ Attributes json.RawMessage }
		}
	}
	if err := json.Unmarshal(content, &state); err != nil {
		t.Fatal(err)
	}
	found := map[string]json.RawMessage{}
	for _, resource := range state.Resources {
		found[resource.Name] = resource.Instances[0].Attributes
	}
	return found
}

// upgrade is how Terraform begins with a state of an earlier version.
func (r *resource) upgrade(t *testing.T, version int64, state json.RawMessage) diagnostics {
	t.Helper()
	answer, err := r.core.server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: r.typeName, Version: version, RawState: &tfprotov6.RawState{JSON: state},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diags := diagnostics(answer.Diagnostics); diags.hasErrors() {
		return diags
	}
	r.state = undynamic(t, r.typ, answer.UpgradedState)
	return answer.Diagnostics
}

// The configurations that testdata/states/version-0.tfstate was made of.
func upgradable() map[string]object {
	return map[string]object{
		"acme": {
			"workspace": "acme", "deletion_protection": false,
			"config": "# the title comes first\napp: {title: Acme}\nbackend: {cors: {origin: \"http://a\"}}\n" +
				"proxy: {endpoints: {/x: {target: \"https://x.example.com\", headers: {Authorization: \"${TOKEN}\"}}}}\n",
			"plugins":    object{"@acme/plugin-found-backend": object{"version": "^1.0.0", "config": "found: {x: 1}\n"}},
			"variables":  object{"REGION": "eu"},
			"secrets_wo": object{"TOKEN": "s3cret"}, "secrets_wo_version": 1, "timeouts": object{"create": "10m"},
		},
		"bare": {"workspace": "bare", "deletion_protection": false},
		"other": {
			"workspace": "acme", "package": "@acme/plugin-other-backend", "version": "1.0.0",
			"config": "other: {token: \"${TOKEN}\"}\n", "secrets_wo": object{"TOKEN": "s3cret"}, "secrets_wo_version": 2,
		},
	}
}

func TestAStateOfVersion0PlansNothing(t *testing.T) {
	t.Parallel()
	for name, state := range states(t, "version-0.tfstate") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core := coreFor(t, newFakeAPI(t))
			r, config := core.instance(), upgradable()[name]
			if config["package"] != nil {
				r = core.plugin()
			}
			must(t, "upgrade", r.upgrade(t, 0, state))
			p := r.plan(t, config)
			must(t, "plan", p.diags)
			if diff := r.changes(p); diff != "" {
				t.Errorf("the plan is not empty:\n%s", diff)
			}
			// Nothing that the state had is lost.
			var before object
			if err := json.Unmarshal(state, &before); err != nil {
				t.Fatal(err)
			}
			for attribute, value := range before {
				got, _ := json.Marshal(r.get(attribute))
				had, _ := json.Marshal(value)
				if string(got) != string(had) {
					t.Errorf("%s = %s, the state had %s", attribute, got, had)
				}
			}
		})
	}
}

// The first providers knew less than testdata/states has; what they wrote plans nothing either.
func TestAStateOfTheFirstProvidersPlansNothing(t *testing.T) {
	t.Parallel()
	all, core := states(t, "version-0.tfstate"), coreFor(t, newFakeAPI(t))
	without := func(state json.RawMessage, attributes ...string) json.RawMessage {
		var fields object
		if err := json.Unmarshal(state, &fields); err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(fields, func(name string, _ any) bool {
			return strings.Contains(" "+strings.Join(attributes, " ")+" ", " "+name+" ")
		})
		fields["gone"] = "an attribute that the schema has no more"
		encoded, _ := json.Marshal(fields)
		return encoded
	}
	instance := core.instance()
	must(t, "upgrade", instance.upgrade(t, 0, without(all["bare"], "literal_secrets", "restart_policy", "pending_restart", "variables")))
	if diff := instance.changes(instance.plan(t, upgradable()["bare"])); diff != "" {
		t.Errorf("instance: the plan is not empty:\n%s", diff)
	}
	plugin := core.plugin()
	must(t, "upgrade", plugin.upgrade(t, 0, without(all["other"], "resolved_version")))
	if diff := plugin.changes(plugin.plan(t, upgradable()["other"])); diff != "" {
		t.Errorf("plugin: the plan is not empty:\n%s", diff)
	}
}

func TestAnUpgradeKeepsLargeNumbers(t *testing.T) {
	t.Parallel()
	instance := coreFor(t, newFakeAPI(t)).instance()
	must(t, "upgrade", instance.upgrade(t, 0, json.RawMessage(`{"workspace":"acme","secrets_wo_version":9007199254740993}`)))
	if got := instance.get("secrets_wo_version"); got != 9007199254740993 {
		t.Errorf("secrets_wo_version = %v", got)
	}
}

func TestAStateThatCannotBeUpgradedIsAnErrorAndNotLost(t *testing.T) {
	t.Parallel()
	instance := coreFor(t, newFakeAPI(t)).instance()
	for state, says := range map[string]string{
		`{"workspace":`:                 "Read the state",
		`{"workspace":["not a text"]}`:  "Fit the upgraded state to the schema",
		`{"plugins":{"x":"not a map"}}`: "Fit the upgraded state to the schema",
	} {
		want(t, instance.upgrade(t, 0, json.RawMessage(state)).errors(), "Unable to upgrade a state of version 0", says)
	}
}

// Terraform asks also for states of the current version, and for those of every earlier one.
func TestEveryVersionOfEveryResourceCanBeUpgraded(t *testing.T) {
	t.Parallel()
	core := coreFor(t, newFakeAPI(t))
	for typeName, schema := range core.schema.ResourceSchemas {
		for version := range schema.Version + 1 {
			r := core.resource(typeName)
			must(t, typeName, r.upgrade(t, version, json.RawMessage(`{"workspace":"acme","timeouts":null}`)))
			if r.get("workspace") != "acme" {
				t.Errorf("%s of version %d became %v", typeName, version, decode(r.state))
			}
		}
	}
}

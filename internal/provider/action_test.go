package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// invoke validates, plans and invokes an action, as Terraform does, and returns what it told meanwhile.
func (c *core) invoke(ctx context.Context, t *testing.T, name string, config object) (progress []string, diags diagnostics) {
	t.Helper()
	server := c.server.(tfprotov6.ActionServer)
	typ := c.schema.ActionSchemas[name].Schema.ValueType()
	value := dynamic(t, typ, encode(t, typ, config))
	validated, err := server.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: name, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	if diags = validated.Diagnostics; diags.hasErrors() {
		return nil, diags
	}
	planned, err := server.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: name, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	if diags = planned.Diagnostics; diags.hasErrors() {
		return nil, diags
	}
	stream, err := server.InvokeAction(ctx, &tfprotov6.InvokeActionRequest{ActionType: name, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	completed := false
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			diags, completed = event.Diagnostics, true
		}
	}
	if !completed {
		t.Fatal("the action did not complete")
	}
	return progress, diags
}

const (
	restartVerb = "orbit_backstage_instance_restart"
	refreshVerb = "orbit_backstage_catalog_refresh"
)

// withInstance is an API that has the instance acme.
func withInstance(t *testing.T) *fakeAPI {
	t.Helper()
	api := newFakeAPI(t)
	instance := coreFor(t, api).instance()
	must(t, "create", instance.apply(t, instance.plan(t, object{"workspace": "acme"})))
	return api
}

func TestARestartTellsItsStepsAndItsEnd(t *testing.T) {
	t.Parallel()
	api := withInstance(t)
	api.change(t, func() {
		api.instances["acme"].RestartPolicy = orbit.RestartForbid // what is asked for is not forbidden
		api.steps = []string{"installing packages", "starting Backstage", "starting Backstage"}
	})
	progress, diags := coreFor(t, api).invoke(t.Context(), t, restartVerb, object{"workspace": "acme", "timeouts": object{"invoke": "10m"}})
	must(t, "restart", diags)
	if len(progress) != 4 {
		t.Fatalf("%q", progress)
	}
	want(t, progress[0], "Restarting instance acme", "- instance: restart, because a restart was asked for")
	want(t, progress[1], "Instance acme: installing packages")
	want(t, progress[2], "Instance acme: starting Backstage")
	want(t, progress[3], "Instance acme was restarted in ")
	if diff := cmp.Diff([]orbit.RestartRequest{{DeadlineSeconds: 570}}, api.restarts); diff != "" {
		t.Error(diff)
	}
}

func TestAFailedRestartIsAnErrorWithTheEndOfTheLog(t *testing.T) {
	t.Parallel()
	api := withInstance(t)
	api.fail = &orbit.Problem{
		Title: "Boot failed", Code: orbit.CodeBootTimeout, Detail: "Backstage was not ready in time", LogTail: []string{"the last line"},
	}
	_, diags := coreFor(t, api).invoke(t.Context(), t, restartVerb, object{"workspace": "acme"})
	want(t, diags.errors(), "Unable to restart instance acme: Backstage was not ready in time.", "the last line", "raise timeouts.invoke.",
		"What ran before still serves, and what waited for a restart still does.", "request r-put in orbitd's log")
}

func TestAnInterruptedRestartGoesOn(t *testing.T) {
	t.Parallel()
	api := withInstance(t)
	api.waiting = make(chan struct{})
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		<-api.waiting
		interrupt()
	}()
	_, diags := coreFor(t, api).invoke(ctx, t, restartVerb, object{"workspace": "acme"})
	want(t, diags.errors(), "The restart of instance acme is still under way: The run was interrupted.", "orbitd goes on with change c2")
}

func TestActionsNeedAnInstance(t *testing.T) {
	t.Parallel()
	c := coreFor(t, newFakeAPI(t))
	for name, config := range map[string]object{
		restartVerb: {"workspace": "missing"}, refreshVerb: {"workspace": "missing", "entity_refs": []any{"component:a"}},
	} {
		_, diags := c.invoke(t.Context(), t, name, config)
		want(t, diags.errors(), `[AttributeName("workspace")] Unable to re`, "o such instance")
	}
}

func TestActionsAreCheckedBeforeTheyRun(t *testing.T) {
	t.Parallel()
	c := newCore(t, object{"endpoint": unknown})
	for name, test := range map[string]struct {
		action string
		config object
		say    string
	}{
		"workspace of a restart": {restartVerb, object{"workspace": "A"}, "not a DNS label"},
		"timeout of a restart":   {restartVerb, object{"workspace": "a", "timeouts": object{"invoke": "0s"}}, "nothing can be done"},
		"workspace of a refresh": {refreshVerb, object{"workspace": "A", "filters": []any{"kind=a"}}, "not a DNS label"},
		"nothing to refresh":     {refreshVerb, object{"workspace": "a"}, "entity_refs"},
		"reference":              {refreshVerb, object{"workspace": "a", "entity_refs": []any{"payments"}}, "has no kind"},
		"filter":                 {refreshVerb, object{"workspace": "a", "filters": []any{" , "}}, "would select every entity"},
		"no connection":          {restartVerb, object{"workspace": "a"}, "known only after apply"},
	} {
		_, diags := c.invoke(t.Context(), t, test.action, test.config)
		if !strings.Contains(diags.errors(), test.say) {
			t.Errorf("%s: %q does not say %q", name, diags.errors(), test.say)
		}
	}
	_, diags := c.invoke(t.Context(), t, refreshVerb, object{"workspace": unknown, "entity_refs": []any{unknown}})
	if strings.Contains(diags.errors(), "Invalid") {
		t.Errorf("what is not known yet is no fault: %s", diags.errors())
	}
}

func TestARefreshReachesEachEntityOnce(t *testing.T) {
	t.Parallel()
	api := withInstance(t)
	api.entities = map[string][]orbit.Entity{"acme": {entity("Component", "", "A"), entity("Component", "", "b"), entity("Component", "", "c")}}
	progress, diags := coreFor(t, api).invoke(t.Context(), t, refreshVerb, object{
		"workspace": "acme", "entity_refs": []any{"API:default/Payments", "component:b"}, "filters": []any{"kind=component", "kind=api"},
	})
	must(t, "refresh", diags)
	if diff := cmp.Diff([]string{"api:default/payments", "component:default/b", "component:default/a", "component:default/c"}, api.refreshed); diff != "" {
		t.Error(diff)
	}
	if len(progress) != 4 || progress[2] != "3 of 4 entities of acme are scheduled to be read again: component:default/a" {
		t.Errorf("%q", progress)
	}
	query := api.queries[0]
	if diff := cmp.Diff([][]string{{"kind=component", "kind=api"}, {"kind", "metadata.namespace", "metadata.name"}}, [][]string{query["filter"], query["field"]}); diff != "" {
		t.Error(diff)
	}
}

func TestARefreshOfManyEntitiesIsQuiet(t *testing.T) {
	t.Parallel()
	api := withInstance(t)
	var refs []any
	for i := range 103 {
		refs = append(refs, fmt.Sprintf("component:c%d", i))
	}
	progress, diags := coreFor(t, api).invoke(t.Context(), t, refreshVerb, object{"workspace": "acme", "entity_refs": refs})
	must(t, "refresh", diags)
	if len(progress) != 20 || !strings.HasPrefix(progress[19], "103 of 103 ") {
		t.Errorf("%d times: %q", len(progress), progress)
	}
}

func TestAnEntityThatTheCatalogDoesNotHaveStopsNoOther(t *testing.T) {
	t.Parallel()
	api := withInstance(t)
	api.unknownEntities = []string{"component:default/gone"}
	_, diags := coreFor(t, api).invoke(t.Context(), t, refreshVerb, object{"workspace": "acme", "entity_refs": []any{"component:gone", "component:a"}})
	want(t, diags.errors(), "Unable to refresh the catalog of acme: The catalog does not read 1 of 2 entities again",
		"- component:default/gone: the catalog has no such entity.", "The others were scheduled.")
	if diff := cmp.Diff([]string{"component:default/a"}, api.refreshed); diff != "" {
		t.Error(diff)
	}
}

func TestAFilterThatSelectsNothingIsAWarning(t *testing.T) {
	t.Parallel()
	_, diags := coreFor(t, withInstance(t)).invoke(t.Context(), t, refreshVerb, object{"workspace": "acme", "filters": []any{"kind=nothing"}})
	must(t, "refresh", diags)
	want(t, diags.warnings(), "Nothing to refresh in the catalog of acme")
}

func TestACatalogThatGivesNoAnswerStopsARefresh(t *testing.T) {
	t.Parallel()
	api := withInstance(t)
	api.catalogAway = 1000
	_, diags := coreFor(t, api).invoke(t.Context(), t, refreshVerb, object{"workspace": "acme", "entity_refs": []any{"component:a"}})
	want(t, diags.errors(), "Unable to refresh the catalog of acme: The instance serves nothing now.")
}

package provider_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const argoCDPackage = "@roadiehq/backstage-plugin-argo-cd-backend"

func argoCD() object {
	return object{
		"workspace": "acme", "package": argoCDPackage, "version": "4.8.0",
		"config": "argocd:\n  appLocatorMethods: [{type: config, instances: [{name: main, token: \"${ARGOCD_TOKEN}\"}]}]\n",
	}
}

func existingPlugin(t *testing.T, api *fakeAPI, config object) *resource {
	t.Helper()
	plugin := coreFor(t, api).plugin()
	must(t, "create", plugin.apply(t, plugin.plan(t, config)))
	return plugin
}

func TestAPluginIsPlannedAsARestartOfItsInstance(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	plugin := coreFor(t, api).plugin()
	p := plugin.plan(t, argoCD())
	must(t, "plan", p.diags)
	if p.get("change_impact") != "restart" || p.get("restart_revision") != unknown {
		t.Errorf("impact = %v, revision = %v, want restart and unknown", p.get("change_impact"), p.get("restart_revision"))
	}
	want(t, p.diags.warnings(), "Instance acme will be restarted", argoCDPackage)
	must(t, "create", plugin.apply(t, p))
	write := api.sent("PUT")[0]
	if write.Path != "/v1/instances/acme/plugins/"+argoCDPackage || write.Plugin.MaxImpact != orbit.ImpactRestart {
		t.Errorf("write = %s with max_impact %s", write.Path, write.Plugin.MaxImpact)
	}
	if plugin.get("restart_revision") != 1 {
		t.Errorf("restart_revision = %v, want 1", plugin.get("restart_revision"))
	}
	if diff := plugin.changes(plugin.plan(t, argoCD())); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
}

func TestAPluginOfAnInstanceThatIsNewWarnsOfNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactNone}
	p := coreFor(t, api).plugin().plan(t, argoCD())
	must(t, "plan", p.diags)
	if p.diags.warnings() != "" {
		t.Errorf("warnings: %s", p.diags.warnings())
	}
}

func TestAnotherVersionIsAnUpgradeNotAReplacement(t *testing.T) {
	t.Parallel()
	plugin := existingPlugin(t, newFakeAPI(t), argoCD())
	p := plugin.plan(t, with(argoCD(), object{"version": "4.9.0"}))
	must(t, "plan", p.diags)
	if p.get("change_impact") != "upgrade" || len(p.replace) != 0 {
		t.Errorf("impact = %v, replaced by %v, want upgrade and nothing", p.get("change_impact"), p.replace)
	}
	must(t, "update", plugin.apply(t, p))
	if plugin.get("version") != "4.9.0" || plugin.get("restart_revision") != 2 {
		t.Errorf("version = %v, restart_revision = %v", plugin.get("version"), plugin.get("restart_revision"))
	}
}

func TestAReformattedFragmentPlansNoChange(t *testing.T) {
	t.Parallel()
	plugin := existingPlugin(t, newFakeAPI(t), argoCD())
	p := plugin.plan(t, with(argoCD(), object{
		"config": `{"argocd": {"appLocatorMethods": [{"instances": [{"token": "${ARGOCD_TOKEN}", "name": "main"}], "type": "config"}]}}`,
	}))
	must(t, "plan", p.diags)
	if diff := plugin.changes(p); diff != "" {
		t.Errorf("the plan is not empty:\n%s", diff)
	}
}

func TestUnknownPluginInputsMakeItsImpactUnknown(t *testing.T) {
	t.Parallel()
	p := coreFor(t, newFakeAPI(t)).plugin().plan(t, with(argoCD(), object{"config": unknown}))
	must(t, "plan", p.diags)
	if p.get("change_impact") != unknown || p.get("restart_revision") != unknown {
		t.Errorf("impact = %v, revision = %v, want both unknown", p.get("change_impact"), p.get("restart_revision"))
	}
}

func TestRemovingAPluginWarnsOfTheRestartAndDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	plugin := existingPlugin(t, api, argoCD())
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactRestart, Diagnostics: []orbit.Diagnostic{
		{Code: orbit.CodeNoEffect, Severity: orbit.SeverityWarning, Message: "the instance has had this for long"},
	}}
	p := plugin.plan(t, nil)
	must(t, "plan", p.diags)
	want(t, p.diags.warnings(), "Instance acme will be restarted", "removes plugin "+argoCDPackage)
	if got := len(p.diags); got != 1 {
		t.Errorf("%d diagnostics, want the warning of the restart alone: %s", got, p.diags.warnings())
	}
	api.waiting = make(chan struct{}) // a poll would hang for ever
	must(t, "destroy", plugin.apply(t, p))
	if len(api.plugins["acme"]) != 0 {
		t.Error("the plugin is still there")
	}
}

func TestRemovingAPluginThatIsGoneSucceeds(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	plugin := existingPlugin(t, api, argoCD())
	p := plugin.plan(t, nil)
	api.change(t, func() { delete(api.plugins, "acme") })
	must(t, "destroy", plugin.apply(t, p))
}

func TestAnotherPackageReplacesThePlugin(t *testing.T) {
	t.Parallel()
	plugin := existingPlugin(t, newFakeAPI(t), argoCD())
	p := plugin.plan(t, with(argoCD(), object{"package": "@acme/plugin-x-backend"}))
	must(t, "plan", p.diags)
	if len(p.replace) != 1 {
		t.Errorf("replaced by %v, want by package", p.replace)
	}
	want(t, p.diags.warnings(), "removes plugin "+argoCDPackage)
}

func TestAPluginThatWasPutBackLeavesNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.fail = bootFailure()
	plugin := coreFor(t, api).plugin()
	diags := plugin.apply(t, plugin.plan(t, argoCD()))
	want(t, diags.errors(), "Unable to create plugin "+argoCDPackage+" of acme", "Missing required config value", "line two", "took the plugin out again")
	if plugin.exists() {
		t.Error("it is tracked")
	}
}

func TestAPluginUpdateThatWasPutBackKeepsItsState(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	plugin := existingPlugin(t, api, argoCD())
	before := decode(plugin.state)
	api.fail = bootFailure()
	want(t, plugin.apply(t, plugin.plan(t, with(argoCD(), object{"version": "4.9.0"}))).errors(), "put it back as it was")
	if diff := cmp.Diff(before, decode(plugin.state)); diff != "" {
		t.Errorf("the state moved:\n%s", diff)
	}
}

func TestAnInterruptedPluginCreateIsKeptWithoutAnError(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	plugin := coreFor(t, api).plugin()
	p := plugin.plan(t, argoCD())
	api.waiting = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-api.waiting
		cancel()
	}()
	diags := plugin.applyWith(ctx, t, p)
	must(t, "create", diags)
	want(t, diags.warnings(), "still under way", "change c1")
	if !plugin.exists() || plugin.tainted {
		t.Error("it is not tracked, or tainted")
	}
}

func TestAStalePluginUpdateTouchesNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	plugin := existingPlugin(t, api, argoCD())
	p := plugin.plan(t, with(argoCD(), object{"version": "4.9.0"}))
	api.change(t, func() { api.plugins["acme"][argoCDPackage].ETag = "other" })
	want(t, plugin.apply(t, p).errors(), "Somebody else changed it since it was read")
}

func TestAPluginOfTheInstanceItselfIsNotTakenOver(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.plugins["acme"] = map[string]*orbit.Plugin{argoCDPackage: {Workspace: "acme", Package: argoCDPackage, Owner: orbit.OwnerInstance}}
	plugin := coreFor(t, api).plugin()
	want(t, plugin.apply(t, plugin.plan(t, argoCD())).errors(), "plugins map of instance acme")
	want(t, coreFor(t, api).plugin().importAs(t, "acme/"+argoCDPackage, nil).errors(), "plugins map of the instance")
}

func TestAVanishedPluginIsPlannedAgain(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	plugin := existingPlugin(t, api, argoCD())
	api.change(t, func() { delete(api.plugins["acme"], argoCDPackage) })
	must(t, "refresh", plugin.refresh(t))
	if plugin.exists() {
		t.Fatal("it is still tracked")
	}
	must(t, "create", plugin.apply(t, plugin.plan(t, argoCD())))
}

func TestAPluginIsImportedByIDAndByIdentity(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existingPlugin(t, api, argoCD())
	for name, imported := range map[string]func(*resource) diagnostics{
		"id": func(r *resource) diagnostics { return r.importAs(t, "acme/"+argoCDPackage, nil) },
		"identity": func(r *resource) diagnostics {
			return r.importAs(t, "", object{"workspace": "acme", "package": argoCDPackage})
		},
	} {
		plugin := coreFor(t, api).plugin()
		must(t, name, imported(plugin))
		if diff := plugin.changes(plugin.plan(t, argoCD())); diff != "" || plugin.identity == nil {
			t.Errorf("%s: the plan is not empty, or there is no identity:\n%s", name, diff)
		}
	}
	want(t, coreFor(t, api).plugin().importAs(t, "acme", nil).errors(), "workspace/package")
}

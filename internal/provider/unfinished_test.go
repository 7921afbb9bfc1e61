package provider_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// interrupt applies the plan and interrupts the run while it waits for the change.
func interrupt(t *testing.T, api *fakeAPI, r *resource, p planned) diagnostics {
	t.Helper()
	waiting := make(chan struct{})
	api.change(t, func() { api.waiting = waiting })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-waiting
		cancel()
	}()
	diags := r.applyWith(ctx, t, p)
	api.change(t, func() { api.waiting = nil })
	return diags
}

func TestAnInterruptedUpdateKeepsItsRestartAndCanBeChangedAgainUnread(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	changed := with(acme(), object{"memory_limit_mib": 512})
	diags := interrupt(t, api, instance, instance.plan(t, changed))
	must(t, "interrupted update", diags)
	want(t, diags.warnings(), "Update of instance acme is still under way", "The run was interrupted.", "orbitd goes on with change c2")
	if instance.get("restart_revision") != 1 || instance.get("change_impact") != "restart" || instance.get("memory_limit_mib") != 512 {
		t.Errorf("state = %v, want what was sent and its restart", decode(instance.state))
	}
	// With -refresh=false nothing is read in between.
	must(t, "apply", instance.apply(t, instance.plan(t, with(acme(), object{"memory_limit_mib": 2048}))))
}

func TestAnInterruptedPluginUpdateKeepsItsRestartAndCanBeChangedAgainUnread(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	plugin := existingPlugin(t, api, argoCD())
	diags := interrupt(t, api, plugin, plugin.plan(t, with(argoCD(), object{"version": "4.9.0"})))
	must(t, "interrupted update", diags)
	want(t, diags.warnings(), "update of plugin "+argoCDPackage+" of acme is still under way", "orbitd goes on with change c2")
	if plugin.get("restart_revision") != 2 || plugin.get("version") != "4.9.0" {
		t.Errorf("state = %v, want what was sent and its restart", decode(plugin.state))
	}
	must(t, "apply", plugin.apply(t, plugin.plan(t, with(argoCD(), object{"version": "4.9.1"}))))
}

func TestAnUpdateThatOutlivesItsTimeoutIsAnErrorAndLosesNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	changed := with(acme(), object{"memory_limit_mib": 512, "timeouts": object{"update": "100ms"}})
	p := instance.plan(t, changed)
	api.change(t, func() { api.waiting = make(chan struct{}, 1) })
	want(t, instance.apply(t, p).errors(), "Unable to update instance acme: The update is still under way.", "The timeout was over")
	if instance.get("memory_limit_mib") != 1024 {
		t.Errorf("memory = %v, want the one of before", instance.get("memory_limit_mib"))
	}
	api.change(t, func() { api.waiting = nil })
	must(t, "refresh", instance.refresh(t))
	if instance.get("memory_limit_mib") != 512 {
		t.Errorf("memory = %v, want what orbitd carried on with", instance.get("memory_limit_mib"))
	}
}

func TestAReadWaitsForTheEndOfAnInterruptedChange(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T, *fakeAPI) (*resource, object){
		"create": func(t *testing.T, api *fakeAPI) (*resource, object) {
			instance := coreFor(t, api).instance()
			must(t, "interrupted create", interrupt(t, api, instance, instance.plan(t, acme())))
			return instance, acme()
		},
		"update": func(t *testing.T, api *fakeAPI) (*resource, object) {
			instance, changed := existing(t, api, acme()), with(acme(), object{"memory_limit_mib": 512})
			must(t, "interrupted update", interrupt(t, api, instance, instance.plan(t, changed)))
			return instance, changed
		},
		"plugin": func(t *testing.T, api *fakeAPI) (*resource, object) {
			plugin, changed := existingPlugin(t, api, argoCD()), with(argoCD(), object{"version": "4.9.0"})
			must(t, "interrupted update", interrupt(t, api, plugin, plugin.plan(t, changed)))
			return plugin, changed
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newFakeAPI(t)
			r, config := begin(t, api)
			api.change(t, func() { api.fail = bootFailure() })
			diags := r.read(t)
			must(t, "read", diags)
			want(t, diags.warnings(), "The unfinished change of ", " failed", "Missing required config value at 'x.y'", "put it back")
			p := r.plan(t, config)
			must(t, "plan", p.diags)
			if r.exists() && r.changes(p) == "" {
				t.Error("the next plan does not show the change that failed")
			}
			if diags := r.read(t); diags.warnings() != "" {
				t.Errorf("a second read warns again: %s", diags.warnings())
			}
		})
	}
}

func TestAReadThatCannotWaitLongerSaysThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(acme(), object{"timeouts": object{"read": "100ms"}})
	instance := coreFor(t, api).instance()
	must(t, "interrupted create", interrupt(t, api, instance, instance.plan(t, config)))
	api.change(t, func() { api.waiting = make(chan struct{}, 2) })
	for range 2 { // it does not forget either
		diags := instance.read(t)
		must(t, "read", diags)
		want(t, diags.warnings(), "A change of instance acme is still under way", "change c1", "timeouts.read")
	}
	api.change(t, func() { api.waiting = nil })
	if diags := instance.read(t); len(diags) != 0 || !instance.exists() {
		t.Errorf("diagnostics = %v, want none", diags)
	}
}

func TestAnUnfinishedChangeThatOrbitdForgotIsForgotten(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := coreFor(t, api).instance()
	must(t, "interrupted create", interrupt(t, api, instance, instance.plan(t, acme())))
	api.change(t, func() { clear(api.changes) })
	if diags := instance.refresh(t); len(diags) != 0 || !instance.exists() {
		t.Errorf("diagnostics = %v, want none", diags)
	}
}

func TestAnInterruptedDestroyIsStillUnderWay(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, with(acme(), object{"deletion_protection": false}))
	diags := interrupt(t, api, instance, instance.plan(t, nil))
	want(t, diags.errors(), "Unable to delete instance acme: The deletion is still under way.", "orbitd goes on with change c2")
	if !instance.exists() {
		t.Fatal("it is not tracked any more, though nobody knows that it is gone")
	}
	if diags := instance.read(t); len(diags) != 0 || instance.exists() {
		t.Errorf("diagnostics = %v, exists = %v, want it gone", diags, instance.exists())
	}
}

func TestARunThatWasInterruptedBeforeItsWriteSaysSo(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, with(acme(), object{"deletion_protection": false}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, config := range map[string]object{"destroy": nil, "update": with(acme(), object{"deletion_protection": true})} {
		text := instance.applyWith(ctx, t, instance.plan(t, config)).errors()
		want(t, text, "instance acme: The run was interrupted.")
		if len(api.instances) != 1 {
			t.Errorf("%s: something was changed", name)
		}
	}
}

func TestTheReadAfterACreateBearsAnOrbitdThatRestarts(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := coreFor(t, api).instance()
	p := instance.plan(t, acme())
	api.change(t, func() { api.starting = 2 * (1 + orbit.DefaultRetryMax) })
	diags := instance.apply(t, p)
	if len(diags.of(tfprotov6.DiagnosticSeverityWarning)) != 0 || instance.get("url") != "http://acme.localhost:7007" {
		t.Errorf("url = %v, diagnostics = %v, want all of it", instance.get("url"), diags)
	}
}

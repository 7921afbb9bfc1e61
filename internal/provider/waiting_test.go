package provider_test

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// backToWhatRuns has orbitd say that a change costs nothing, as it takes back what waits for a restart.
func backToWhatRuns(t *testing.T, api *fakeAPI) {
	t.Helper()
	api.change(t, func() {
		api.plan = &orbit.PlanResult{Impact: orbit.ImpactNone}
		api.costs = orbit.ImpactNone
	})
}

func TestARestartThatDidNotHappenIsNotCounted(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := pending(t, api)
	backToWhatRuns(t, api)
	p := instance.plan(t, under("auto"))
	wantPlanned(t, p, object{"change_impact": "restart", "restart_revision": unknown, "pending_restart": unknown})
	if got := p.diags.warnings(); got != "" {
		t.Errorf("warnings = %s, want none: orbitd restarts nothing", got)
	}
	must(t, "apply", instance.apply(t, p))
	if instance.get("restart_revision") != 0 || instance.get("pending_restart") != false {
		t.Errorf("revision = %v, pending = %v, want 0 and false", instance.get("restart_revision"), instance.get("pending_restart"))
	}
}

func TestAPluginThatIsTakenBackToWhatRunsCountsNoRestart(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existing(t, api, under("manual"))
	plugin := existingPlugin(t, api, argoCD())
	must(t, "store", plugin.apply(t, plugin.plan(t, with(argoCD(), object{"version": "4.9.0"}))))
	backToWhatRuns(t, api)
	p := plugin.plan(t, argoCD())
	wantPlanned(t, p, object{"restart_revision": unknown})
	if len(p.diags) != 0 {
		t.Errorf("diagnostics = %v, want none", p.diags)
	}
	must(t, "take back", plugin.apply(t, p))
	if plugin.get("restart_revision") != 0 {
		t.Errorf("restart_revision = %v, want 0", plugin.get("restart_revision"))
	}
}

func TestForbidLetsAChangeBackToWhatRunsThrough(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := pending(t, api)
	backToWhatRuns(t, api)
	p := instance.plan(t, under("forbid"))
	wantPlanned(t, p, object{"change_impact": "restart", "restart_revision": 0, "pending_restart": unknown})
	if len(p.diags) != 0 {
		t.Errorf("diagnostics = %v, want none", p.diags)
	}
	must(t, "apply", instance.apply(t, p))
	if instance.get("pending_restart") != false {
		t.Errorf("pending_restart = %v, want false", instance.get("pending_restart"))
	}
}

func TestForbidWhileARestartIsPendingIsOrbitdsToRefuse(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := pending(t, api)
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactRestart, Diagnostics: []orbit.Diagnostic{
		{Code: orbit.CodeRestartForbidden, Severity: orbit.SeverityError, Path: "x.y", Message: "it is not what runs"},
	}}
	diags := instance.plan(t, under("forbid")).diags
	want(t, diags.errors(), `[AttributeName("restart_policy")] Instance acme must not be restarted: - x.y: it is not what runs`)
	if strings.Contains(diags.errors()+diags.warnings(), "memory_limit_mib") {
		t.Errorf("the provider has its say as well: %v", diags)
	}
	instance.core = nobody(t)
	want(t, instance.plan(t, under("forbid")).diags.errors(), "Instance acme must not be restarted: The plan costs a restart",
		"memory_limit_mib: restart")
}

func TestManualWarnsOfNoRestartForAChangeBackToWhatRuns(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := pending(t, api)
	backToWhatRuns(t, api)
	p := instance.plan(t, under("manual"))
	wantPlanned(t, p, object{"restart_revision": 0, "pending_restart": unknown})
	if len(p.diags) != 0 {
		t.Errorf("diagnostics = %v, want none", p.diags)
	}
}

func TestANewInstanceUnderForbidSaysThatNoPluginCanFollow(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	p := coreFor(t, api).instance().plan(t, under("forbid"))
	must(t, "plan", p.diags)
	want(t, p.diags.warnings(), `[AttributeName("restart_policy")]`, "an orbit_backstage_plugin of it cannot be added until "+
		"restart_policy is auto or manual; plugins in its `plugins` map come with the first boot.")
	for _, policy := range []string{"auto", "manual"} {
		if got := coreFor(t, api).instance().plan(t, under(policy)).diags.warnings(); got != "" {
			t.Errorf("%s: warnings = %s, want none", policy, got)
		}
	}
}

func TestWhatWasStoredListsOnlyWhatCostsARestart(t *testing.T) {
	t.Parallel()
	live := orbit.Reason{Path: "proxy.endpoints", Impact: orbit.ImpactLive, Because: "it is live"}
	restart := orbit.Reason{Path: "memory_limit_mib", Impact: orbit.ImpactRestart, Because: "it changed"}
	for name, c := range map[string]struct {
		reasons []orbit.Reason
		says    string
	}{
		"mixed": {[]orbit.Reason{live, restart}, "Change of instance acme: what costs a restart is stored and does not run yet.\n\n" +
			"- memory_limit_mib: restart, because it changed\n\nrestart_policy"},
		"live alone, with a secret that waits": {[]orbit.Reason{live}, "Change of instance acme: the change is stored and does not " +
			"run yet.\n\n- proxy.endpoints: live, because it is live\n\nrestart_policy"},
	} {
		api := newFakeAPI(t)
		instance := existing(t, api, under("manual"))
		api.reasons = c.reasons
		if got := instance.apply(t, instance.plan(t, restarting("manual"))).warnings(); !strings.Contains(got, c.says) {
			t.Errorf("%s: warnings = %s\nwant %s", name, got, c.says)
		}
	}
}

func TestAStoredPluginThatDoesNotBootHasAWayOut(t *testing.T) {
	t.Parallel()
	const plugin = "@acme/plugin-x-backend"
	const wayOut = "Plugin " + plugin + "'s stored configuration does not boot. Apply its fix first with restart_policy still " +
		"manual, then set auto."
	own := object{"plugins": object{plugin: object{"version": "1.0.0"}}}
	for name, c := range map[string]struct {
		made     func(*testing.T, *fakeAPI) *resource
		config   object
		expected bool
	}{
		"declared elsewhere":     {pending, restarting("auto"), true},
		"in the plugins map":     {pending, with(restarting("auto"), own), false},
		"nothing was waited for": {func(t *testing.T, api *fakeAPI) *resource { return existing(t, api, under("manual")) }, restarting("auto"), false},
	} {
		api := newFakeAPI(t)
		instance := c.made(t, api)
		p := instance.plan(t, c.config)
		api.change(t, func() { api.fail = bootFailure() })
		got := instance.apply(t, p).errors()
		want(t, got, "Unable to update instance acme", "orbitd put it back")
		if strings.Contains(got, wayOut) != c.expected {
			t.Errorf("%s: errors = %s\nway out wanted: %v", name, got, c.expected)
		}
	}
}

func TestAPluginsWarningNamesTheStoredPolicy(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existing(t, api, acme())
	plugin := existingPlugin(t, api, argoCD())
	want(t, plugin.plan(t, with(argoCD(), object{"version": "4.9.0"})).diags.warnings(), "Instance acme will be restarted",
		"by the restart_policy that is stored now; a new one in the same run is applied first.")
	// A plugin goes before its instance is changed.
	want(t, plugin.plan(t, nil).diags.warnings(), "Instance acme will be restarted", "by the restart_policy that is stored now.")
}

package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// restarting is a configuration with a change that costs a restart, under a policy.
func restarting(policy any) object {
	return with(acme(), object{"memory_limit_mib": 512, "restart_policy": policy})
}

// under is acme as it was created, under a policy.
func under(policy string) object { return with(acme(), object{"restart_policy": policy}) }

// wantPlanned compares some attributes of a plan.
func wantPlanned(t *testing.T, p planned, expected object) {
	t.Helper()
	must(t, "plan", p.diags)
	got := object{}
	for name := range expected {
		got[name] = p.get(name)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestThePolicyIsAutoUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	if instance.get("restart_policy") != "auto" || instance.get("pending_restart") != false {
		t.Errorf("policy = %v, pending = %v, want auto and false", instance.get("restart_policy"), instance.get("pending_restart"))
	}
	// An orbitd that stores nothing for auto means the same.
	api.change(t, func() { api.instances["acme"].RestartPolicy = "" })
	must(t, "refresh", instance.refresh(t))
	if diff := instance.changes(instance.plan(t, under("auto"))); diff != "" {
		t.Errorf("the plan is not empty:\n%s", diff)
	}
	want(t, instance.plan(t, under("sometimes")).diags.errors(), "restart_policy", "sometimes")
}

func TestForbidFailsThePlanOfARestartAndNamesEveryPath(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	asked := len(api.sent("POST"))
	for name, config := range map[string]object{
		"planned with it": restarting("forbid"),
		"upgrade":         with(under("forbid"), object{"plugins": object{"@acme/plugin-x-backend-module-y": object{"version": "1.0.0"}}}),
	} {
		p := instance.plan(t, with(config, object{"config": `backend: {cors: {origin: "http://other"}}`}))
		if !p.diags.hasErrors() {
			t.Fatalf("%s: the plan went through", name)
		}
		want(t, p.diags.errors(), `AttributeName("restart_policy")`, "Instance acme must not be restarted", "restart_policy is forbid",
			"backend.cors.origin: restart, because", `var.in_window ? "auto" : "forbid"`)
	}
	if len(api.sent("POST")) != asked {
		t.Error("orbitd was asked about what the plan forbids by itself")
	}
}

func TestForbidLetsEverythingElseThrough(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, under("forbid")) // a first boot interrupts nobody
	live := with(under("forbid"), object{"config": baseConfig + `    /b: {target: "https://b.example.com"}` + "\n"})
	p := instance.plan(t, live)
	wantPlanned(t, p, object{"change_impact": "live", "restart_revision": 0, "pending_restart": false})
	must(t, "live change", instance.apply(t, p))
	p = instance.plan(t, with(live, object{"restart_policy": "auto"}))
	wantPlanned(t, p, object{"change_impact": "none", "restart_revision": 0, "pending_restart": false})
	if len(p.diags) != 0 {
		t.Errorf("diagnostics = %v, want none", p.diags)
	}
	must(t, "policy alone", instance.apply(t, p))
}

func TestWhatOrbitdForbidsAnInstanceIsShownAtItsPolicy(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, under("forbid"))
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactRestart, Diagnostics: []orbit.Diagnostic{
		{Code: orbit.CodeRestartForbidden, Severity: orbit.SeverityError, Path: "x.y", Message: "a plugin of its own refers to the secret"},
	}}
	p := instance.plan(t, with(under("forbid"), object{"deletion_protection": false}))
	want(t, p.diags.errors(), `[AttributeName("restart_policy")] Instance acme must not be restarted: - x.y: a plugin of its own`,
		`var.in_window ? "auto" : "forbid"`)
}

func TestAnUnknownPolicyLeavesTheCheckToTheApply(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	p := instance.plan(t, restarting(unknown))
	wantPlanned(t, p, object{"change_impact": unknown, "restart_revision": unknown, "pending_restart": unknown})
	p = instance.plan(t, with(under("forbid"), object{"config": unknown}))
	wantPlanned(t, p, object{"change_impact": unknown, "restart_revision": unknown, "pending_restart": unknown})
}

func TestARestartThatOrbitdForbidsAtApplyTouchesNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	before := decode(instance.state)
	p := instance.plan(t, with(acme(), object{"memory_limit_mib": 512}))
	api.change(t, func() {
		api.refusal = &orbit.Problem{
			Title: "Instance acme may not restart now", Code: orbit.CodeRestartForbidden, RequestID: "r-7",
			Detail:      "the restart_policy of instance acme is forbid; nothing was touched",
			Diagnostics: []orbit.Diagnostic{{Code: orbit.CodeRestartForbidden, Severity: orbit.SeverityError, Message: "said already"}},
			Reasons:     []orbit.Reason{{Path: "memory_limit_mib", Impact: orbit.ImpactRestart, Because: "it changed"}},
		}
	})
	if got := instance.apply(t, p).errors(); got != "Unable to update instance acme: The restart_policy of instance acme is "+
		"forbid; nothing was touched.\n\n- memory_limit_mib: restart, because it changed\n\nRequest r-7 in orbitd's log." {
		t.Errorf("error = %q", got)
	}
	if diff := cmp.Diff(before, decode(instance.state)); diff != "" {
		t.Errorf("the state moved:\n%s", diff)
	}
}

func TestManualStoresARestartAndSaysHowToRollItOut(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, under("manual"))
	p := instance.plan(t, restarting("manual"))
	wantPlanned(t, p, object{"change_impact": "restart", "restart_revision": 0, "pending_restart": unknown})
	want(t, p.diags.warnings(), "Instance acme will wait for a restart", "memory_limit_mib: restart", "POST /v1/instances/acme/restart",
		`restart_policy = "auto"`)
	diags := instance.apply(t, p)
	must(t, "apply", diags)
	if warnings := diags.of(tfprotov6.DiagnosticSeverityWarning); len(warnings) != 1 || warnings[0].Summary != "Instance acme waits for a restart" {
		t.Errorf("warnings = %s, want one that names the instance", diags.warnings())
	}
	want(t, diags.warnings(), "POST /v1/instances/acme/restart")
	if instance.get("pending_restart") != true || instance.get("restart_revision") != 0 {
		t.Errorf("pending = %v, revision = %v, want true and 0", instance.get("pending_restart"), instance.get("restart_revision"))
	}
	must(t, "refresh", instance.refresh(t))
	if diff := instance.changes(instance.plan(t, restarting("manual"))); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
}

// pending is an instance with a change that waits for a restart.
func pending(t *testing.T, api *fakeAPI) *resource {
	t.Helper()
	instance := existing(t, api, under("manual"))
	must(t, "store", instance.apply(t, instance.plan(t, restarting("manual"))))
	must(t, "refresh", instance.refresh(t))
	return instance
}

func TestAutoRollsOutWhatIsPending(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := pending(t, api)
	api.plan = &orbit.PlanResult{Impact: orbit.ImpactRestart, Reasons: []orbit.Reason{
		{Path: "memory_limit_mib", Impact: orbit.ImpactRestart, Because: "that is what waits"},
	}}
	p := instance.plan(t, restarting("auto"))
	wantPlanned(t, p, object{"change_impact": "restart", "restart_revision": unknown, "pending_restart": unknown})
	if reasons := p.get("change_reasons").([]any); len(reasons) != 1 || reasons[0].(object)["path"] != "restart_policy" {
		t.Errorf("reasons = %v, want restart_policy", reasons)
	}
	want(t, p.diags.warnings(), "Instance acme will be restarted", "restart_policy: restart, because stored changes wait",
		"memory_limit_mib: restart, because that is what waits")
	must(t, "apply", instance.apply(t, p))
	if instance.get("pending_restart") != false || instance.get("restart_revision") != 1 {
		t.Errorf("pending = %v, revision = %v, want false and 1", instance.get("pending_restart"), instance.get("restart_revision"))
	}
	if got := api.sent("PUT"); got[len(got)-1].Instance.MaxImpact != orbit.ImpactUpgrade {
		t.Errorf("max_impact = %s, want upgrade: what is pending may be one", got[len(got)-1].Instance.MaxImpact)
	}
}

func TestALiveChangeIsLiveWhileARestartIsPending(t *testing.T) {
	t.Parallel()
	instance := pending(t, newFakeAPI(t))
	p := instance.plan(t, with(restarting("manual"), object{"config": baseConfig + `    /b: {target: "https://b.example.com"}` + "\n"}))
	wantPlanned(t, p, object{"change_impact": "live", "restart_revision": 0, "pending_restart": true})
	must(t, "apply", instance.apply(t, p))
}

func TestUnderForbidAPendingRestartStaysPending(t *testing.T) {
	t.Parallel()
	instance := pending(t, newFakeAPI(t))
	p := instance.plan(t, restarting("forbid"))
	wantPlanned(t, p, object{"change_impact": "none", "restart_revision": 0, "pending_restart": true})
	must(t, "forbid", instance.apply(t, p))
	must(t, "refresh", instance.refresh(t))
	wantPlanned(t, instance.plan(t, restarting("auto")), object{"change_impact": "restart", "pending_restart": unknown})
}

func TestAPluginObeysTheStoredPolicyForbid(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existing(t, api, acme())
	plugin := existingPlugin(t, api, argoCD())
	created := coreFor(t, api).plugin().plan(t, with(argoCD(), object{"package": "@acme/plugin-x-backend"}))
	updated, removed := plugin.plan(t, with(argoCD(), object{"version": "4.9.0"})), plugin.plan(t, nil)
	api.change(t, func() { api.instances["acme"].RestartPolicy = orbit.RestartForbid })

	for name, p := range map[string]planned{
		"create":      coreFor(t, api).plugin().plan(t, with(argoCD(), object{"package": "@acme/plugin-x-backend"})),
		"update":      plugin.plan(t, with(argoCD(), object{"version": "4.9.0"})),
		"delete":      plugin.plan(t, nil),
		"replacement": plugin.plan(t, with(argoCD(), object{"package": "@acme/plugin-x-backend"})),
	} {
		if !p.diags.hasErrors() {
			t.Errorf("%s: the plan went through", name)
		}
		want(t, p.diags.errors(), "Instance acme must not be restarted: - here: it costs a restart\n- there: ",
			"obeys the restart_policy that is stored", `first apply the instance with restart_policy = "auto"`, "-target")
		if got := len(p.diags.of(tfprotov6.DiagnosticSeverityError)); got != 1 {
			t.Errorf("%s: %d errors, want one", name, got)
		}
		if p.diags.warnings() != "" {
			t.Errorf("%s: a refused plan warns as well: %s", name, p.diags.warnings())
		}
	}
	// What was planned before the policy was stored is refused by orbitd.
	must(t, "plan", updated.diags)
	must(t, "plan", created.diags)
	want(t, plugin.apply(t, removed).errors(), "Unable to delete plugin "+argoCDPackage+" of acme", "restart_policy is forbid; nothing was touched.")
	if !plugin.exists() || len(api.plugins["acme"]) != 1 {
		t.Error("the plugin is gone")
	}
}

func TestAPluginIsStoredUnderManual(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, under("manual"))
	plugin := coreFor(t, api).plugin()
	p := plugin.plan(t, argoCD())
	want(t, p.diags.warnings(), "Instance acme will wait for a restart", argoCDPackage, "POST /v1/instances/acme/restart")
	diags := plugin.apply(t, p)
	must(t, "create", diags)
	want(t, diags.warnings(), "Instance acme waits for a restart", "plugin "+argoCDPackage)
	if plugin.get("restart_revision") != 0 {
		t.Errorf("restart_revision = %v, want 0: nothing was restarted", plugin.get("restart_revision"))
	}
	must(t, "refresh", instance.refresh(t))
	if instance.get("pending_restart") != true {
		t.Errorf("pending_restart = %v, want true", instance.get("pending_restart"))
	}
	p = plugin.plan(t, nil)
	want(t, p.diags.warnings(), "Instance acme will wait for a restart", "removes plugin "+argoCDPackage)
	want(t, plugin.apply(t, p).warnings(), "Instance acme waits for a restart")
}

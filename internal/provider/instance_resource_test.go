package provider_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func bootFailure() *orbit.Problem {
	return &orbit.Problem{
		Title: "Backstage did not start", Code: orbit.CodeBootFailed, Plugin: "@acme/plugin-x-backend",
		Detail: "missing required config value at 'x.y'", LogTail: []string{"line one", "line two"},
	}
}

func TestAnInstanceIsCreatedReadAndDeleted(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(acme(), object{
		"secrets_wo": object{"TOKEN": "s3cret"}, "secrets_wo_version": 1, "deletion_protection": false,
		"plugins":  object{"@acme/plugin-x-backend": object{"version": "1.0.0", "config": "x: {y: \"${TOKEN}\"}"}},
		"timeouts": object{"create": "100s"},
	})
	instance := existing(t, api, config)
	write := api.sent("PUT")[0]
	if write.Header.Get("If-None-Match") != "*" || write.Instance.Secrets["TOKEN"] != "s3cret" || write.Instance.DeadlineSeconds != 90 {
		t.Errorf("write = %+v", write)
	}
	got := object{}
	for _, name := range []string{"url", "api_url", "database_name", "config", "secrets_wo", "secrets_wo_version"} {
		got[name] = instance.get(name)
	}
	expected := object{
		"url": "http://acme.localhost:7007", "api_url": "http://acme.localhost:7007/api", "database_name": "backstage_acme",
		"config": baseConfig, "secrets_wo": nil, "secrets_wo_version": 1,
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	before := decode(instance.state)
	must(t, "refresh", instance.refresh(t))
	if diff := cmp.Diff(before, decode(instance.state)); diff != "" {
		t.Errorf("a read moved the state:\n%s", diff)
	}
	must(t, "destroy", instance.apply(t, instance.plan(t, nil)))
	if len(api.instances) != 0 {
		t.Error("the instance is still there")
	}
}

func TestSecretsAreSentAgainOnlyWithAnotherVersion(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(acme(), object{"secrets_wo": object{"TOKEN": "one"}, "secrets_wo_version": 1})
	instance := existing(t, api, config)

	config["memory_limit_mib"], config["secrets_wo"] = 512, object{"TOKEN": "two"}
	must(t, "update", instance.apply(t, instance.plan(t, config)))
	if got := api.secrets["acme"]["TOKEN"]; got != "one" {
		t.Errorf("secret = %q, want the one of version 1", got)
	}
	config["secrets_wo_version"] = 2
	p := instance.plan(t, config)
	if p.get("change_impact") != "restart" {
		t.Errorf("change_impact = %v: a plugin of its own may refer to TOKEN", p.get("change_impact"))
	}
	must(t, "rotate", instance.apply(t, p))
	if got := api.secrets["acme"]["TOKEN"]; got != "two" {
		t.Errorf("secret = %q, want the one of version 2", got)
	}
	must(t, "remove", instance.apply(t, instance.plan(t, with(acme(), object{"memory_limit_mib": 512}))))
	if len(api.secrets["acme"]) != 0 {
		t.Errorf("secrets = %v, want none", api.secrets["acme"])
	}
}

func TestAReasonClaimsNoMoreOfASecretThanTheVersionTells(t *testing.T) {
	t.Parallel()
	config := with(acme(), object{
		"config":     baseConfig + "integrations: {github: [{host: github.com, token: \"${TOKEN}\"}]}\n",
		"secrets_wo": object{"TOKEN": "one"}, "secrets_wo_version": 1,
	})
	instance := existing(t, newFakeAPI(t), config)
	p := instance.plan(t, with(config, object{"secrets_wo_version": 2}))
	must(t, "plan", p.diags)
	reasons := p.get("change_reasons").([]any)
	if len(reasons) != 1 {
		t.Fatalf("reasons = %v, want one", reasons)
	}
	want(t, reasons[0].(object)["because"].(string), "the secret TOKEN that it refers to may have changed (secrets_wo_version did), and ")
}

func TestAnInterruptedCreateIsKeptWithoutAnError(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.waiting = make(chan struct{})
	instance := coreFor(t, api).instance()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-api.waiting
		cancel()
	}()
	diags := instance.applyWith(ctx, t, instance.plan(t, acme()))
	must(t, "create", diags)
	want(t, diags.warnings(), "Instance acme is still being created", "change c1")
	if !instance.exists() || instance.tainted || instance.get("url") != "http://acme.localhost:7007" {
		t.Errorf("state = %v, tainted = %v, want all of it and no taint", decode(instance.state), instance.tainted)
	}
	api.waiting = nil
	must(t, "refresh", instance.refresh(t))
	if diff := instance.changes(instance.plan(t, acme())); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
}

func TestACreateThatWasPutBackLeavesNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.fail = bootFailure()
	instance := coreFor(t, api).instance()
	diags := instance.apply(t, instance.plan(t, acme()))
	want(t, diags.errors(), "Unable to create instance acme", "Missing required config value at 'x.y'",
		"@acme/plugin-x-backend", "line two", "Nothing of it is left.")
	if instance.exists() {
		t.Errorf("state = %v, want none", decode(instance.state))
	}
}

func TestABootThatWasTooSlowNamesTheTimeoutToRaise(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	api.fail = &orbit.Problem{Title: "Too slow", Code: orbit.CodeBootTimeout, Detail: "not done within the time the change was given"}
	want(t, instance.apply(t, instance.plan(t, with(acme(), object{"memory_limit_mib": 512}))).errors(), "raise timeouts.update.")
	second := coreFor(t, api).instance()
	want(t, second.apply(t, second.plan(t, with(acme(), object{"workspace": "second"}))).errors(), "raise timeouts.create.")
}

func TestWhatAFailedCreateCouldNotRemoveCanBeDeleted(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.fail, api.keepsRubble = bootFailure(), true
	instance := coreFor(t, api).instance()
	diags := instance.apply(t, instance.plan(t, acme()))
	want(t, diags.errors(), "could not remove")
	if !instance.tainted || instance.get("deletion_protection") != false {
		t.Errorf("tainted = %v, deletion_protection = %v, want true and false", instance.tainted, instance.get("deletion_protection"))
	}
	must(t, "plan of the deletion", instance.plan(t, nil).diags)
}

func TestAnUpdateThatWasPutBackShowsTheSameDiffAgain(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	changed := with(acme(), object{"memory_limit_mib": 512})
	first := instance.plan(t, changed)
	api.fail = bootFailure()
	diags := instance.apply(t, first)
	want(t, diags.errors(), "Unable to update instance acme", "put it back as it was", "Change c2, made by request r-put in orbitd's log.")
	api.fail = nil
	must(t, "refresh", instance.refresh(t))
	again := instance.plan(t, changed)
	must(t, "plan", again.diags)
	if diff := cmp.Diff(decode(first.value), decode(again.value)); diff != "" {
		t.Errorf("the next plan is another one:\n%s", diff)
	}
	must(t, "apply", instance.apply(t, again))
}

func TestAChangeBetweenPlanAndApplyIsNotOverwritten(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	p := instance.plan(t, with(acme(), object{"memory_limit_mib": 512}))
	api.change(t, func() { api.instances["acme"].ETag = "other" })
	want(t, instance.apply(t, p).errors(), "Unable to update instance acme", "Somebody else changed it since it was read; nothing was touched, plan again.")
	must(t, "refresh", instance.refresh(t))
	must(t, "apply", instance.apply(t, instance.plan(t, with(acme(), object{"memory_limit_mib": 512}))))
}

func TestAChangeThatCostsMoreThanPlannedTouchesNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	p := instance.plan(t, with(acme(), object{"config": baseConfig + `    /b: {target: "https://b.example.com"}` + "\n"}))
	api.costs = orbit.ImpactRestart
	want(t, instance.apply(t, p).errors(), "Planned live, now a restart; nothing was touched, plan again.")
	if got := api.sent("PUT"); got[len(got)-1].Instance.MaxImpact != orbit.ImpactLive {
		t.Errorf("max_impact = %s, want live", got[len(got)-1].Instance.MaxImpact)
	}
}

func TestAWarningOfAnAppliedChangeIsShown(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.warnings = []orbit.Diagnostic{{Severity: orbit.SeverityWarning, Message: "it did not take effect live, so it was restarted"}}
	instance := coreFor(t, api).instance()
	diags := instance.apply(t, instance.plan(t, acme()))
	must(t, "create", diags)
	want(t, diags.warnings(), "instance acme was applied with a warning", "It did not take effect live")
}

func TestDriftIsSeenAndAVanishedInstanceIsPlannedAgain(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	api.change(t, func() { api.instances["acme"].MemoryLimitMiB = 4096 })
	must(t, "refresh", instance.refresh(t))
	if instance.get("memory_limit_mib") != 4096 || instance.get("change_impact") != "none" {
		t.Errorf("memory = %v, impact = %v, want the drift and no impact", instance.get("memory_limit_mib"), instance.get("change_impact"))
	}
	api.change(t, func() { delete(api.instances, "acme") })
	must(t, "refresh", instance.refresh(t))
	if instance.exists() {
		t.Fatal("a vanished instance is still tracked")
	}
	must(t, "create", instance.apply(t, instance.plan(t, acme())))
}

func TestAnInstanceThatIsBeingDeletedIsNotTracked(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	api.change(t, func() { api.instances["acme"].Status.Phase = orbit.PhaseDeleting })
	must(t, "refresh", instance.refresh(t))
	if instance.exists() {
		t.Error("it is still tracked")
	}
}

func TestDeletingWhatIsGoneSucceeds(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, with(acme(), object{"deletion_protection": false}))
	p := instance.plan(t, nil)
	api.change(t, func() { delete(api.instances, "acme") })
	must(t, "destroy", instance.apply(t, p))
}

func TestTheManagerKeepsWhatItProtects(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, with(acme(), object{"deletion_protection": false}))
	p := instance.plan(t, nil)
	api.change(t, func() { api.instances["acme"].DeletionProtection = true })
	want(t, instance.apply(t, p).errors(), "Unable to delete instance acme", "deletion_protection")
	if !instance.exists() {
		t.Error("it is not tracked any more")
	}
}

func TestAnInstanceOfSomebodyElseIsNotTakenOver(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existing(t, api, acme())
	second := coreFor(t, api).instance()
	want(t, second.apply(t, second.plan(t, acme())).errors(), "Unable to create instance acme", "terraform import")
	if second.exists() {
		t.Error("it is tracked")
	}
}

func TestImportByIDAndByIdentityPlanNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(acme(), object{
		"secrets_wo": object{"TOKEN": "x"}, "secrets_wo_version": 3, "plugins": object{"@acme/plugin-x-backend": object{"version": "1.0.0"}},
	})
	existing(t, api, config)
	for name, imported := range map[string]func(*resource) diagnostics{
		"id":       func(r *resource) diagnostics { return r.importAs(t, "acme", nil) },
		"identity": func(r *resource) diagnostics { return r.importAs(t, "", object{"workspace": "acme"}) },
	} {
		instance := coreFor(t, api).instance()
		must(t, name, imported(instance))
		if instance.identity == nil {
			t.Errorf("%s: no identity", name)
		}
		p := instance.plan(t, with(config, object{"config": "# the same\n" + baseConfig}))
		must(t, name, p.diags)
		if diff := instance.changes(p); diff != "" {
			t.Errorf("%s: the plan is not empty:\n%s", name, diff)
		}
	}
}

func TestAnImportOfWhatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	for _, id := range []string{"", "Acme Corp", "acme/x"} {
		want(t, coreFor(t, api).instance().importAs(t, id, nil).errors(), "Invalid import id", "is its workspace, acme for example")
	}
	want(t, coreFor(t, api).instance().importAs(t, "", object{"workspace": "Acme Corp"}).errors(), "Invalid import id", "DNS label")
	for _, id := range []string{"", "acme", "acme/", "/" + argoCDPackage, "Acme/" + argoCDPackage, "acme/Not A Package"} {
		want(t, coreFor(t, api).plugin().importAs(t, id, nil).errors(), "Invalid import id", "is workspace/package, as in acme/@roadiehq/")
	}
}

func TestATimeoutOfDaysIsWithinWhatTheManagerTakes(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existing(t, api, with(acme(), object{"timeouts": object{"create": "72h"}}))
	if got := api.sent("PUT")[0].Instance.DeadlineSeconds; got != 86400 {
		t.Errorf("deadline = %d s, want 86400", got)
	}
}

func TestATimeoutLeavesTheManagerTimeForItsVerdict(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existing(t, api, with(acme(), object{"timeouts": object{"create": "20m"}}))
	if got, latest := api.sent("PUT")[0].Instance.DeadlineSeconds, int((20*time.Minute - time.Second).Seconds()); got < 60 || got >= latest {
		t.Errorf("deadline = %d s, want less than 20 minutes", got)
	}
}

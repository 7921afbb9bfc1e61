package provider_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// nobody is a core whose provider reaches nothing.
func nobody(t *testing.T) *core {
	t.Helper()
	return newCore(t, object{"endpoint": "http://127.0.0.1:1", "token": fakeToken})
}

// starting is a core whose provider finds an orbitd that is starting.
func starting(t *testing.T) *core {
	t.Helper()
	return newCore(t, object{"token": fakeToken, "endpoint": answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		orbit.WriteProblem(w, &orbit.Problem{Title: "orbitd is starting", Status: http.StatusServiceUnavailable, Code: orbit.CodeStarting})
	})})
}

func TestAnUnreachableManagerDoesNotStopAPlan(t *testing.T) {
	t.Parallel()
	p := newCore(t, object{"endpoint": "http://127.0.0.1:1", "token": fakeToken}).instance().plan(t, acme())
	must(t, "plan", p.diags)
	want(t, p.diags.warnings(), "Planned without orbitd", "http://127.0.0.1:1", "orbitd serve", "Not checked: ")
	if p.get("change_impact") != "none" {
		t.Errorf("change_impact = %v, want none", p.get("change_impact"))
	}
}

func TestAnUnknownProviderConfigurationDoesNotStopAPlan(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	instance.core = newCore(t, object{"endpoint": unknown, "token": unknown})
	before := len(api.sent("POST"))
	diags := instance.refresh(t)
	must(t, "refresh", diags)
	want(t, diags.warnings(), "Planned without orbitd", "known only after apply", "by the last known state")
	p := instance.plan(t, with(acme(), object{"memory_limit_mib": 512}))
	must(t, "plan", p.diags)
	want(t, p.diags.warnings(), "Planned without orbitd", "known only after apply", "Instance acme will be restarted")
	if len(api.sent("POST")) != before {
		t.Error("somebody was asked although nobody knows whom to ask")
	}
}

func TestWithoutOrbitdAReadKeepsTheStateWithOneWarning(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(*testing.T) *core{"nobody answers": nobody, "it is starting": starting} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newFakeAPI(t)
			for kind, r := range map[string]*resource{
				"instance": existing(t, api, with(acme(), object{"deletion_protection": false})), "plugin": existingPlugin(t, api, argoCD()),
			} {
				present, before := r.core, decode(r.state)
				r.core = away(t)
				diags := r.read(t)
				must(t, kind, diags)
				if warnings := diags.of(tfprotov6.DiagnosticSeverityWarning); len(warnings) != 1 || warnings[0].Summary != "Planned without orbitd" {
					t.Errorf("%s: warnings = %s, want one", kind, diags.warnings())
				}
				want(t, diags.warnings(), "by the last known state", "The apply checks all of it")
				if diff := cmp.Diff(before, decode(r.state)); diff != "" {
					t.Errorf("%s: the state moved:\n%s", kind, diff)
				}
				deletion := r.plan(t, nil)
				must(t, "plan of the deletion", deletion.diags)
				if !r.apply(t, deletion).hasErrors() || !r.exists() {
					t.Errorf("%s: it was deleted without orbitd", kind)
				}
				// What was kept is checked at apply, as if it had been read.
				r.core = present
				api.change(t, func() { api.instances["acme"].ETag = "other"; api.plugins["acme"][argoCDPackage].ETag = "other" })
				changed := map[string]object{
					"instance": with(acme(), object{"memory_limit_mib": 512}), "plugin": with(argoCD(), object{"version": "4.9.0"}),
				}[kind]
				want(t, r.apply(t, r.plan(t, changed)).errors(), "Somebody else changed it since it was read")
			}
		})
	}
}

func TestWhatIsNotAnOutageIsStillAnErrorAtRead(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	instance.core = newCore(t, object{"endpoint": api.URL, "token": "wrong"})
	want(t, instance.read(t).errors(), "Unable to read instance acme", "does not accept the token")
	instance.core = newCore(t, object{"endpoint": api.URL, "token_file": "/nowhere/token"})
	want(t, instance.read(t).errors(), "Unable to read instance acme", "/nowhere/token")
	forbids := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, orbit.CodeForbidden, "it needs at least the role reader of workspace acme")
	})
	instance.core = newCore(t, object{"token": fakeToken, "endpoint": forbids})
	want(t, instance.read(t).errors(), "Unable to read instance acme", "orbitd at "+forbids+" does not let the token from token do this. "+
		"It needs at least the role reader of workspace acme.", "Request r-1")
	instance.core = newCore(t, object{"token": fakeToken, "endpoint": answering(t, func(w http.ResponseWriter, _ *http.Request) {
		orbit.WriteProblem(w, &orbit.Problem{Title: "A fault", Status: http.StatusInternalServerError, Code: orbit.CodeInternal})
	})})
	want(t, instance.read(t).errors(), "Unable to read instance acme", "A fault")
}

func TestWithoutOrbitdADataSourceIsAnError(t *testing.T) {
	t.Parallel()
	_, diags := readInstance(t, nobody(t), "acme")
	want(t, diags.errors(), "Unable to read instance acme", "http://127.0.0.1:1", "cannot be reached")
}

func TestWithoutOrbitdNothingIsImported(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]*core{
		"nobody": nobody(t), "starting": starting(t), "unknown": newCore(t, object{"endpoint": unknown, "token": fakeToken}),
	} {
		want(t, away.instance().importAs(t, "acme", nil).errors(), "Unable to read instance acme")
		want(t, away.plugin().importAs(t, "acme/"+argoCDPackage, nil).errors(), "Unable to read plugin "+argoCDPackage)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestAnOrbitdThatAnsweredIsAskedAgain(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	first, second := existing(t, api, acme()), existing(t, api, with(acme(), object{"workspace": "second"}))
	before := existing(t, api, with(acme(), object{"workspace": "before"}))
	for name, answers := range map[string]bool{"it answered before": true, "it never did": false} {
		c := coreFor(t, api)
		first.core, second.core, before.core = c, c, c
		if answers {
			must(t, "read", before.read(t))
		}
		api.change(t, func() { api.starting = 1 + orbit.DefaultRetryMax })
		want(t, first.read(t).warnings(), "Planned without orbitd", "orbitd is starting")
		if asked := second.read(t).warnings() == ""; asked != answers {
			t.Errorf("%s: it was asked again: %v", name, asked)
		}
	}
}

// A plan asks for what it can do without, so it waits for an orbitd that does not answer once and not for each resource.
func TestAPlanOfManyResourcesWaitsOnceForAnOrbitdThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits 10 s for an answer: runs without -short")
	}
	ended := make(chan struct{})
	silent := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	})
	t.Cleanup(func() { close(ended) })
	const resources, atOnce, patience = 20, 10, 10 * time.Second
	api := newFakeAPI(t)
	var instances []*resource
	for i := range resources {
		instances = append(instances, existing(t, api, with(acme(), object{"workspace": fmt.Sprintf("acme-%d", i)})))
	}
	away := newCore(t, object{"endpoint": silent, "token": fakeToken})
	started := time.Now()
	turn := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, instance := range instances {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			instance.core = away
			must(t, "read", instance.read(t))
			p := instance.plan(t, with(acme(), object{"workspace": instance.get("workspace"), "memory_limit_mib": 512}))
			must(t, "plan", p.diags)
			want(t, p.diags.warnings(), "Planned without orbitd", "no answer within 10s")
		})
	}
	all.Wait()
	if took := time.Since(started); took > patience+patience/2 {
		t.Errorf("the plan took %s, want about %s", took, patience)
	}
}

package manager_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// declare writes an instance with the given app-config and returns the change when its fate is known.
func declare(t *testing.T, c *orbit.Client, workspace, config string, modify ...func(*orbit.InstanceWrite)) *orbit.Change {
	t.Helper()
	return settle(t, c, put(t, c, workspace, config, modify...))
}

// put writes an instance with the given app-config and returns the change as it was accepted.
func put(t *testing.T, c *orbit.Client, workspace, config string, modify ...func(*orbit.InstanceWrite)) *orbit.Change {
	t.Helper()
	write := small(config)
	for _, m := range modify {
		m(&write)
	}
	on := orbit.IfAbsent()
	if current, err := c.GetInstance(t.Context(), workspace); err == nil {
		on = orbit.IfMatch(current.ETag)
	}
	change, err := c.PutInstance(t.Context(), workspace, on, write)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

// settleTime is for a real Backstage on a busy machine, too.
const settleTime = 2 * time.Minute

func settle(t *testing.T, c *orbit.Client, change *orbit.Change) *orbit.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settleTime)
	defer cancel()
	settled, err := c.WaitChange(ctx, change.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	return settled
}

func applied(t *testing.T, change *orbit.Change, impact orbit.Impact) {
	t.Helper()
	if change.State != orbit.ChangeApplied || change.Impact != impact {
		t.Fatalf("the change is %s with impact %s (problem %v), want applied with %s", change.State, change.Impact, change.Problem, impact)
	}
}

func instance(t *testing.T, c *orbit.Client, workspace string) *orbit.Instance {
	t.Helper()
	i, err := c.GetInstance(t.Context(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func remove(t *testing.T, c *orbit.Client, workspace string) {
	t.Helper()
	change, err := c.DeleteInstance(t.Context(), workspace, orbit.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	applied(t, settle(t, c, change), orbit.ImpactNone)
}

// ask requests a page of a workspace's instance through the gateway and returns status and body.
func ask(t *testing.T, s *managertest.Server, workspace string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Manager.GatewayAddress()+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = workspace + ".localhost"
	return fetch(t, r)
}

// starts counts the processes that were started for a workspace.
func starts(s *managertest.Server, workspace string) int { return calls(s, workspace, fake.OpStart) }

// boots counts the processes that were given a config for a workspace; one may have stood by and been of no use.
func boots(s *managertest.Server, workspace string) int { return calls(s, workspace, fake.OpActivate) }

func calls(s *managertest.Server, workspace string, op fake.Op) int {
	n := 0
	for _, call := range s.Runtime.Calls() {
		if call.Op == op && call.Workspace == workspace {
			n++
		}
	}
	return n
}

func title(text string) string { return "app:\n  title: " + text + "\n" }

func TestAnInstanceLivesFromCreateToDelete(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	applied(t, declare(t, c, "life", title("Life")), orbit.ImpactNone)
	i := instance(t, c, "life")
	if i.Status.Phase != orbit.PhaseReady || i.Status.PID == 0 || i.Status.ObservedGeneration != 1 {
		t.Errorf("the created instance is %+v, want Ready with a pid at generation 1", i.Status)
	}
	if status, _ := ask(t, s, "life"); status != http.StatusOK {
		t.Errorf("its page answers %d, want 200", status)
	}
	remove(t, c, "life")
	if _, err := c.GetInstance(t.Context(), "life"); !orbit.IsNotFound(err) {
		t.Errorf("reading the deleted instance gives %v, want not found", err)
	}
	if status, _ := ask(t, s, "life"); status != http.StatusNotFound {
		t.Errorf("the deleted instance's page answers %d, want 404", status)
	}
	if left := s.Runtime.Processes("life"); len(left) != 0 {
		t.Errorf("%d processes are left", len(left))
	}
}

func TestWhatAChangeCosts(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const proxy = "proxy:\n  endpoints:\n    /x: {target: 'http://127.0.0.1:1'}\n"
	declare(t, c, "cost", title("Cost"))
	pid := instance(t, c, "cost").Status.PID

	applied(t, declare(t, c, "cost", "# a comment\n"+title("'Cost'")), orbit.ImpactNone)
	applied(t, declare(t, c, "cost", title("Cost")+proxy), orbit.ImpactLive)
	if now := instance(t, c, "cost").Status.PID; now != pid {
		t.Errorf("after changes of impact none and live the pid is %d, want %d still", now, pid)
	}
	if _, body := ask(t, s, "cost"); !strings.Contains(body, `/x`) {
		t.Errorf("the running process was not given the new endpoint: %s", body)
	}

	change := declare(t, c, "cost", title("Other")+proxy)
	applied(t, change, orbit.ImpactRestart)
	if len(change.Reasons) != 1 || change.Reasons[0].Path != "app.title" {
		t.Errorf("the reasons are %v, want one about app.title", change.Reasons)
	}
	if now := instance(t, c, "cost").Status.PID; now == pid {
		t.Error("a restart left the process as it was")
	}
	remove(t, c, "cost")
}

func TestAFailedChangeIsPutBackAndTheOldProcessServes(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "putback", title("Good"))
	before := instance(t, c, "putback")

	change := declare(t, c, "putback", title(brokenTitle))
	if change.State != orbit.ChangeFailed || change.Problem == nil {
		t.Fatalf("the change is %s, want failed with a problem", change.State)
	}
	if p := change.Problem; p.Code != orbit.CodeBootFailed || p.Plugin != "@acme/plugin-broken-backend" || !strings.Contains(p.Detail, "acme.key") {
		t.Errorf("the problem is %+v, want it to name plugin and key", p)
	}
	after := instance(t, c, "putback")
	if after.Config != before.Config || after.ETag != before.ETag {
		t.Errorf("what is declared is %q (%s), want what it was: %q (%s)", after.Config, after.ETag, before.Config, before.ETag)
	}
	if after.Status.PID != before.Status.PID || after.Status.Phase != orbit.PhaseReady {
		t.Errorf("pid %d in phase %s serves, want %d and Ready", after.Status.PID, after.Status.Phase, before.Status.PID)
	}
	if status, _ := ask(t, s, "putback"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
	applied(t, declare(t, c, "putback", title("Better")), orbit.ImpactRestart)
	remove(t, c, "putback")
}

func TestAFirstBootThatFailsLeavesNothingButEvents(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	if change := declare(t, c, "stillborn", title(brokenTitle)); change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if _, err := c.GetInstance(t.Context(), "stillborn"); !orbit.IsNotFound(err) {
		t.Errorf("reading it gives %v, want not found", err)
	}
	if left := s.Runtime.Processes("stillborn"); len(left) != 0 {
		t.Errorf("%d processes are left", len(left))
	}
	events, err := c.ListEvents(t.Context(), "stillborn", orbit.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(events.Items, func(e orbit.Event) bool { return e.Reason == "RolloutFailed" }) {
		t.Errorf("the events are %v, want a RolloutFailed among them", events.Items)
	}
	applied(t, declare(t, c, "stillborn", title("Alive")), orbit.ImpactNone)
	remove(t, c, "stillborn")
}

func TestChangesThatComeTogetherAreOneRollout(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "together", title("Together"))
	before := boots(s, "together")
	const plugins = 5
	changes := make([]*orbit.Change, plugins)
	for n := range changes {
		var err error
		changes[n], err = c.PutPlugin(t.Context(), "together", fmt.Sprintf("@acme/plugin-p%d-backend", n), orbit.IfAbsent(),
			orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "1.0.0"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range changes {
		applied(t, settle(t, c, change), orbit.ImpactRestart)
	}
	if got := boots(s, "together") - before; got != 1 {
		t.Errorf("%d plugins that came together made %d rollouts, want 1", plugins, got)
	}
	remove(t, c, "together")
}

func TestDestroyingAnInstanceWithItsPluginsIsNoRollout(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const name = "@acme/plugin-one-backend"
	declare(t, c, "gone", title("Gone"))
	change, err := c.PutPlugin(t.Context(), "gone", name, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "1.0.0"}})
	if err != nil {
		t.Fatal(err)
	}
	settle(t, c, change)
	before := starts(s, "gone")
	change, err = c.DeletePlugin(t.Context(), "gone", name, orbit.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	if !change.Done() {
		t.Error("the removal of a plugin has to answer when it is recorded")
	}
	remove(t, c, "gone")
	if got := starts(s, "gone") - before; got != 0 {
		t.Errorf("destroying the instance with its plugin made %d rollouts, want 0", got)
	}
}

func TestARemovedPluginIsRolledOut(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const name = "@acme/plugin-one-backend"
	declare(t, c, "removal", title("Removal"), func(w *orbit.InstanceWrite) {})
	change, err := c.PutPlugin(t.Context(), "removal", name, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "1.0.0"}})
	if err != nil {
		t.Fatal(err)
	}
	settle(t, c, change)
	before := instance(t, c, "removal")
	if _, err := c.DeletePlugin(t.Context(), "removal", name, orbit.Precondition{}); err != nil {
		t.Fatal(err)
	}
	within(t, "a rollout without the plugin", func() bool {
		now := instance(t, c, "removal").Status
		return now.PID != before.Status.PID && now.Phase == orbit.PhaseReady && now.ObservedGeneration == before.Generation+1
	})
	if got := len(s.Runtime.Processes("removal")); got > 2 {
		t.Errorf("%d processes run, want the one that serves and at most one that drains", got)
	}
	remove(t, c, "removal")
}

func TestDeletingAnInstanceEndsItsRollout(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "hanging", Hang: true, Times: 1})
	before := calls(s, "hanging", fake.OpActivate)
	change, err := c.PutInstance(t.Context(), "hanging", orbit.IfAbsent(),
		orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", MemoryLimitMiB: 1024}})
	if err != nil {
		t.Fatal(err)
	}
	within(t, "a boot that hangs", func() bool { return calls(s, "hanging", fake.OpActivate) == before+1 })
	remove(t, c, "hanging")
	if fate := settle(t, c, change); fate.State != orbit.ChangeFailed || fate.Problem.Code != orbit.CodeSuperseded {
		t.Errorf("the creating change is %s (%v), want failed as superseded", fate.State, fate.Problem)
	}
}

func TestAnInstanceThatEndsByItselfIsStartedAgainWithItsConfig(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "crash", title("Crash"))
	before := instance(t, c, "crash")
	s.Runtime.Kill("crash")
	within(t, "a new process", func() bool {
		now := instance(t, c, "crash").Status
		return now.PID != 0 && now.PID != before.Status.PID && now.Phase == orbit.PhaseReady
	})
	if _, body := ask(t, s, "crash"); !strings.Contains(body, "Crash") {
		t.Errorf("the new process has another config: %s", body)
	}
	if after := instance(t, c, "crash"); after.ETag != before.ETag {
		t.Error("a crash changed what is declared")
	}
	remove(t, c, "crash")
}

func TestARestartedOrbitdAdoptsInstancesAndCarriesOn(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "adopted", title("Adopted"))
	before := instance(t, c, "adopted")
	gate := make(chan struct{})
	defer close(gate)
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "adopted", Gate: gate, Times: 1})
	change, err := c.PutInstance(t.Context(), "adopted", orbit.IfMatch(before.ETag), orbit.InstanceWrite{
		InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", Config: title("Next"), MemoryLimitMiB: 1024},
	})
	if err != nil {
		t.Fatal(err)
	}
	within(t, "green to be under way", func() bool { return calls(s, "adopted", fake.OpActivate) == 2 })

	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "the adopted process to serve", func() bool {
		status, _ := ask(t, s, "adopted")
		return status == http.StatusOK
	})
	applied(t, settle(t, c, change), orbit.ImpactRestart)
	if _, body := ask(t, s, "adopted"); !strings.Contains(body, "Next") {
		t.Errorf("the change was not carried on: %s", body)
	}
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("adopted")) == 1 })
}

// patience is how long a test waits for what orbitd does by itself.
const patience = time.Minute

// within asks until the condition holds: what happens by itself in orbitd gives a client no signal.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline.C:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

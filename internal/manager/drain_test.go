package manager_test

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// done waits until the change's fate is known, and not as long as orbitd waits for a process that does not end.
func done(t *testing.T, c *orbit.Client, what string, change *orbit.Change) *orbit.Change {
	t.Helper()
	within(t, what, func() bool {
		var err error
		if change, err = c.GetChange(t.Context(), change.ID, 0); err != nil {
			t.Fatal(err)
		}
		return change.Done()
	})
	return change
}

// drainTimeout is longer than any test waits: what ends sooner did not wait for it.
const drainTimeout = 5 * time.Minute

// patientServer returns an orbitd of the test's own that lets processes drain for long.
func patientServer(t *testing.T) (*managertest.Server, *orbit.Client) {
	t.Helper()
	return serverWith(t, managertest.Options{DrainTimeout: drainTimeout})
}

// graces are what the stops of the workspace's processes were given.
func graces(s *managertest.Server, workspace string) []time.Duration {
	var given []time.Duration
	for _, call := range s.Runtime.Calls() {
		if call.Op == fake.OpStop && call.Workspace == workspace {
			given = append(given, call.Grace)
		}
	}
	return given
}

// busy makes the workspace's process, when it is replaced, one that still has tasks: it ends when it is no longer
// waited for.
func busy(t *testing.T, s *managertest.Server, c *orbit.Client, workspace string) {
	t.Helper()
	busyAt(t, s, c, workspace, "")
}

// busyAt is busy where the process after it has the base URL.
func busyAt(t *testing.T, s *managertest.Server, c *orbit.Client, workspace, baseURL string) {
	t.Helper()
	before := calls(s, workspace, fake.OpStop)
	s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: workspace, Hang: true, Times: 1})
	applied(t, declare(t, c, workspace, title("Busy"), at(baseURL)), orbit.ImpactRestart)
	within(t, "the process before to be told to end", func() bool { return calls(s, workspace, fake.OpStop) > before })
}

func patient(t *testing.T, grace time.Duration) {
	t.Helper()
	if grace > drainTimeout || grace < drainTimeout-time.Minute {
		t.Errorf("a process that drains is given %v to end, want what is left of %v", grace, drainTimeout)
	}
}

func TestAReplacedProcessHasTheRestOfTheDrainTimeoutForItsTasks(t *testing.T) {
	t.Parallel()
	s, c := patientServer(t)
	declare(t, c, "tasks", title("A"))
	busy(t, s, c, "tasks")
	patient(t, graces(s, "tasks")[0])
	if got := len(s.Runtime.Processes("tasks")); got != 2 {
		t.Errorf("%d processes run, want the one that serves and the one that has tasks", got)
	}
	// A second one that drains ends the patience with the first.
	declare(t, c, "tasks", title("C"))
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("tasks")) == 1 })
	stops := graces(s, "tasks")
	slices.Sort(stops)
	if len(stops) != 3 || stops[0] != rollout.DefaultStopGrace {
		t.Errorf("the stops were given %v, want one more, with %v, for the first process", stops, rollout.DefaultStopGrace)
	}
}

func TestADrainGoesOnAcrossARestart(t *testing.T) {
	t.Parallel()
	s, c := patientServer(t)
	declare(t, c, "resumed", title("A"))
	busy(t, s, c, "resumed")
	if err := s.Manager.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(s.Runtime.Processes("resumed")); got != 2 {
		t.Fatalf("%d processes run without orbitd, want 2", got)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("resumed")) == 1 })
	stops := graces(s, "resumed")
	if len(stops) != 2 {
		t.Fatalf("there were %d stops, want one of each orbitd", len(stops))
	}
	patient(t, stops[1])
}

func TestNothingBootsBesideAProcessThatDrainsAfterARestart(t *testing.T) {
	t.Parallel()
	s, c := patientServer(t)
	declare(t, c, "alone", title("A"))
	busy(t, s, c, "alone")
	pid := instance(t, c, "alone").Status.PID
	if err := s.Manager.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Runtime.Processes("alone") {
		if stats, err := p.Stats(t.Context()); err == nil && stats.PID == pid {
			p.Kill()
		}
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "a new process to serve", func() bool {
		now := instance(t, c, "alone").Status
		return now.Phase == orbit.PhaseReady && now.PID != pid
	})
	if stops := graces(s, "alone"); len(stops) != 2 || stops[1] != rollout.DefaultStopGrace {
		t.Errorf("the stops were given %v, want the last to have %v", stops, rollout.DefaultStopGrace)
	}
}

func TestAnUpgradeWaitsForNoDrain(t *testing.T) {
	t.Parallel()
	s, c := patientServer(t)
	withPluginOne(t, c, "hurried")
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("hurried")) == 1 })
	busy(t, s, c, "hurried")
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "hurried"})
	change := upgrade(t, c, "hurried", "")
	reached()
	if got := len(s.Runtime.Processes("hurried")); got != 1 {
		t.Errorf("%d processes run while the upgraded one starts, want it alone: each could write to the database", got)
	}
	release()
	applied(t, done(t, c, "the upgrade", change), orbit.ImpactUpgrade)
}

func TestADrainDoesNotHoldUpTheNextRollout(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "drained", title("A"))
	gate := make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	before := calls(s, "drained", fake.OpStop)
	// Once for the drain, and once more when the next one ends the patience with it.
	s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: "drained", Gate: gate, Times: 2})
	declare(t, c, "drained", title("B"))
	within(t, "the drain to be under way", func() bool { return calls(s, "drained", fake.OpStop) > before })
	applied(t, done(t, c, "the next rollout", put(t, c, "drained", title("C"))), orbit.ImpactRestart)
	if got := len(s.Runtime.Processes("drained")); got < 2 {
		t.Errorf("%d processes run, want the one that drains still among them", got)
	}
	release()
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("drained")) == 1 })
	remove(t, c, "drained")
}

func TestADrainDoesNotHoldUpTheDeletion(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "undrained", title("A"))
	before := calls(s, "undrained", fake.OpStop)
	s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: "undrained", Hang: true, Times: 1})
	declare(t, c, "undrained", title("B"))
	within(t, "the drain to be under way", func() bool { return calls(s, "undrained", fake.OpStop) > before })
	deletion, err := c.DeleteInstance(t.Context(), "undrained", orbit.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	applied(t, done(t, c, "the deletion", deletion), orbit.ImpactNone)
}

func TestAProcessThatCouldNotBeStoppedIsStoppedLater(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "stubborn", title("A"))
	s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: "stubborn", Err: errors.New("it does not end"), Times: 2})
	applied(t, declare(t, c, "stubborn", title("B")), orbit.ImpactRestart)
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("stubborn")) == 1 })
	if status, _ := ask(t, s, "stubborn"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
	remove(t, c, "stubborn")
}

package manager_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// done waits until the change's fate is known, and not as long as orbitd waits for a process that does not end.
func done(t *testing.T, c *orbit.Client, what string, change *orbit.Change) *orbit.Change {
	t.Helper()
	within(t, patience, what, func() bool {
		var err error
		if change, err = c.GetChange(t.Context(), change.ID, 0); err != nil {
			t.Fatal(err)
		}
		return change.Done()
	})
	return change
}

func TestADrainDoesNotHoldUpTheNextRollout(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "drained", title("A"))
	reached, release := hold(t, s, fake.Fault{Op: fake.OpStop, Workspace: "drained"})
	declare(t, c, "drained", title("B"))
	reached()
	applied(t, done(t, c, "the next rollout", put(t, c, "drained", title("C"))), orbit.ImpactRestart)
	if got := len(s.Runtime.Processes("drained")); got < 2 {
		t.Errorf("%d processes run, want the one that drains still among them", got)
	}
	release()
	within(t, patience, "one process to be left", func() bool { return len(s.Runtime.Processes("drained")) == 1 })
	remove(t, c, "drained")
}

func TestADrainDoesNotHoldUpTheDeletion(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "undrained", title("A"))
	before := calls(s, "undrained", fake.OpStop)
	s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: "undrained", Hang: true, Times: 1})
	declare(t, c, "undrained", title("B"))
	within(t, patience, "the drain to be under way", func() bool { return calls(s, "undrained", fake.OpStop) > before })
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
	within(t, patience, "one process to be left", func() bool { return len(s.Runtime.Processes("stubborn")) == 1 })
	if status, _ := ask(t, s, "stubborn"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
	remove(t, c, "stubborn")
}

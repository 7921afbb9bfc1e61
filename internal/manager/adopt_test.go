package manager_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestTheServingProcessIsAdoptedBeforeOthersHaveEnded(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "lingering", title("A"))
	before := calls(s, "lingering", fake.OpStop)
	s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: "lingering", Err: errors.New("it does not end"), Times: 2})
	declare(t, c, "lingering", title("B"))
	within(t, patience, "the process before to be told to end", func() bool { return calls(s, "lingering", fake.OpStop) > before+1 })
	pid := instance(t, c, "lingering").Status.PID

	reached, release := hold(t, s, fake.Fault{Op: fake.OpStop, Workspace: "lingering"})
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	reached()
	within(t, patience, "the serving process to be adopted", func() bool {
		now := instance(t, c, "lingering").Status
		return now.Phase == orbit.PhaseReady && now.PID == pid
	})
	if status, _ := ask(t, s, "lingering"); status != http.StatusOK {
		t.Errorf("the page answers %d while the process before ends, want 200", status)
	}
	release()
	within(t, patience, "one process to be left", func() bool { return len(s.Runtime.Processes("lingering")) == 1 })
}

func TestAnOrbitdThatDiedBeforeItRecordedASwitchLosesNothing(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	change := declare(t, c, "switched", title("Switched"))
	pid := instance(t, c, "switched").Status.PID
	if err := s.Manager.Close(); err != nil {
		t.Fatal(err)
	}
	// What is found when it died after the switch, and is started again after the change's deadline.
	execute(t, s, "UPDATE changes SET state = 'pending', finished_at = NULL, deadline = now() - interval '1 second' WHERE id = $1", change.ID)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if change = settle(t, c, change); change.State != orbit.ChangeApplied {
		t.Errorf("the change is %s (%v), want applied", change.State, change.Problem)
	}
	if now := instance(t, c, "switched").Status; now.PID != pid {
		t.Errorf("pid %d serves, want %d still", now.PID, pid)
	}
	if status, _ := ask(t, s, "switched"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
}

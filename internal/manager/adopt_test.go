package manager_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestTheServingProcessIsAdoptedBeforeOthersHaveEnded(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "lingering", title("A"))
	before := calls(s, "lingering", fake.OpStop)
	s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: "lingering", Err: errors.New("it does not end")})
	declare(t, c, "lingering", title("B"))
	within(t, "the process before to be told to end", func() bool { return calls(s, "lingering", fake.OpStop) > before+1 })
	pid := instance(t, c, "lingering").Status.PID
	if err := s.Manager.Close(); err != nil {
		t.Fatal(err)
	}
	s.Runtime.Clear()

	reached, release := hold(t, s, fake.Fault{Op: fake.OpStop, Workspace: "lingering"})
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Whoever reads right after the start is told what runs.
	if now := instance(t, c, "lingering").Status; now.Phase != orbit.PhaseReady || now.PID != pid {
		t.Errorf("the instance is %s with pid %d, want Ready with the adopted %d", now.Phase, now.PID, pid)
	}
	reached()
	if status, _ := ask(t, s, "lingering"); status != http.StatusOK {
		t.Errorf("the page answers %d while the process before ends, want 200", status)
	}
	release()
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("lingering")) == 1 })
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

func TestAProcessThatCannotBeAdoptedIsToldOfAndTriedAgain(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "strange", title("Strange"))
	declare(t, c, "usual", title("Usual"))
	pids := map[string]int{"strange": instance(t, c, "strange").Status.PID, "usual": instance(t, c, "usual").Status.PID}
	s.Runtime.Inject(fake.Fault{Op: fake.OpRecover, Workspace: "strange", Err: errors.New("its handle is of version 2, this is 1")})
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ready := func(workspace string) orbit.Condition {
		conditions := instance(t, c, workspace).Status.Conditions
		return conditions[slices.IndexFunc(conditions, func(c orbit.Condition) bool { return c.Type == orbit.ConditionReady })]
	}
	within(t, "the condition to say so", func() bool { return ready("strange").Status == "False" })
	if said := ready("strange"); said.Reason != "NotAdopted" || !strings.Contains(said.Message, "version 2") ||
		!strings.Contains(said.Message, "orbitd stop --all") {
		t.Errorf("the condition is %+v, want why and what to do", said)
	}
	if status, _ := ask(t, s, "strange"); status != http.StatusServiceUnavailable {
		t.Errorf("its page answers %d, want 503", status)
	}
	within(t, "the other instance to be adopted", func() bool { return instance(t, c, "usual").Status.PID == pids["usual"] })
	before := calls(s, "strange", fake.OpRecover)
	within(t, "it to be tried again", func() bool { return calls(s, "strange", fake.OpRecover) > before })
	told := 0
	events, err := c.ListEvents(t.Context(), "strange", orbit.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Items {
		if e.Reason == "NotAdopted" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("it was told %d times, want once", told)
	}
	s.Runtime.Clear()
	within(t, "it to be adopted", func() bool { return instance(t, c, "strange").Status.PID == pids["strange"] })
	within(t, "its condition to say so", func() bool { return ready("strange").Status == "True" })
	if status, _ := ask(t, s, "strange"); status != http.StatusOK {
		t.Errorf("its page answers %d, want 200", status)
	}
}

func TestAnOrbitdThatDiedBeforeItRecordedARemovalHasItRecorded(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	withUnwanted(t, s, c, "removed")
	removePlugin(t, c, "removed", unwanted)
	observed := func() bool {
		now := instance(t, c, "removed")
		return now.Status.ObservedGeneration == now.Generation && now.Status.Phase == orbit.PhaseReady
	}
	within(t, "the removal to be rolled out", observed)
	if err := s.Manager.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, s, "UPDATE instances SET observed_generation = generation - 1 WHERE workspace = 'removed'")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "the removal to be recorded", observed)
}

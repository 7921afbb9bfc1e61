package manager_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/memory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// scarce is a machine with 2000 MiB, of which so many are available.
type scarce struct{ availableMiB atomic.Int64 }

func (m *scarce) read() (memory.State, error) {
	return memory.State{Total: 2000 << 20, Available: m.availableMiB.Load() << 20}, nil
}

// crowded is an orbitd on such a machine, which has room at first.
func crowded(t *testing.T, shared bool) (*scarce, *managertest.Server, *orbit.Client) {
	t.Helper()
	m := &scarce{}
	m.availableMiB.Store(1800)
	s, c := serverWith(t, managertest.Options{Memory: m.read, SharedUser: shared})
	return m, s, c
}

func condition(i *orbit.Instance, kind string) orbit.Condition {
	for _, c := range i.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return orbit.Condition{}
}

// order is the workspace's calls of the two operations since the record was last forgotten.
func order(s *managertest.Server, workspace string, ops ...fake.Op) []fake.Op {
	var found []fake.Op
	for _, call := range s.Runtime.Calls() {
		if call.Workspace == workspace && slices.Contains(ops, call.Op) {
			found = append(found, call.Op)
		}
	}
	return found
}

func TestWithoutRoomForGreenRequestsWait(t *testing.T) {
	t.Parallel()
	m, s, c := crowded(t, false)
	declare(t, c, "tight", title("A"))
	m.availableMiB.Store(150) // a process takes 200, and 100 are kept free
	s.Runtime.Forget()
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "tight"})
	change := put(t, c, "tight", title("B"))
	reached()
	answers := make(chan int, 1)
	go func() {
		status, _ := ask(t, s, "tight")
		answers <- status
	}()
	impatient, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(impatient, http.MethodGet, "http://"+s.Manager.GatewayAddress()+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "tight.localhost"
	if response, err := http.DefaultClient.Do(r); err == nil {
		_ = response.Body.Close()
		t.Errorf("a request is answered %s while its process is replaced, want it to wait", response.Status)
	}
	release()
	applied(t, settle(t, c, change), orbit.ImpactRestart)
	if status := <-answers; status != http.StatusOK {
		t.Errorf("the request that waited is answered %d, want 200", status)
	}
	if got := order(s, "tight", fake.OpStart, fake.OpStop); !slices.Equal(got, []fake.Op{fake.OpStop, fake.OpStart}) {
		t.Errorf("the calls were %v, want the old process stopped before the new one is started", got)
	}
	told := condition(instance(t, c, "tight"), orbit.ConditionRoomForGreen)
	if told.Status != "False" || !strings.Contains(told.Message, "200 MiB") || !strings.Contains(told.Message, "150 MiB") {
		t.Errorf("the condition is %+v, want it False with the figures", told)
	}
	events, err := c.ListEvents(t.Context(), "tight", orbit.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(events.Items, func(e orbit.Event) bool { return e.Reason == "NoRoomForGreen" && e.Type == "Warning" }) {
		t.Errorf("the events are %v, want a NoRoomForGreen among them", events.Items)
	}

	m.availableMiB.Store(1800)
	applied(t, declare(t, c, "tight", title("C")), orbit.ImpactRestart)
	if told = condition(instance(t, c, "tight"), orbit.ConditionRoomForGreen); told.Status != "True" {
		t.Errorf("with room again the condition is %+v, want it True", told)
	}
}

func TestAChangeThatFailsWithoutRoomBringsBackWhatRan(t *testing.T) {
	t.Parallel()
	m, s, c := crowded(t, false)
	declare(t, c, "tight", title("Good"))
	m.availableMiB.Store(150)
	if change := declare(t, c, "tight", title(brokenTitle)); change.State != orbit.ChangeFailed || change.Problem.Plugin != brokenPlugin {
		t.Fatalf("the change is %s (%v), want failed", change.State, change.Problem)
	}
	if status, body := ask(t, s, "tight"); status != http.StatusOK || !strings.Contains(body, "Good") {
		t.Errorf("the page answers %d: %s; want what ran before", status, body)
	}
	if phase := instance(t, c, "tight").Status.Phase; phase != orbit.PhaseReady {
		t.Errorf("the instance is %s, want Ready", phase)
	}
	one(t, s, "tight")
}

func TestStandbysAreGivenUpForGreen(t *testing.T) {
	t.Parallel()
	m, s, c := crowded(t, true)
	declare(t, c, "tight", title("A"))
	within(t, "the pool to be filled", func() bool { return len(s.Runtime.Standbys()) == 1 })
	m.availableMiB.Store(90)
	within(t, "the standby to be given up", func() bool { return len(s.Runtime.Standbys()) == 0 })
	applied(t, declare(t, c, "tight", title("B")), orbit.ImpactRestart)
	if left := s.Runtime.Standbys(); len(left) != 0 {
		t.Errorf("%d processes stand by, want none", len(left))
	}
}

func TestAnInstanceBootsWhereMemoryIsShort(t *testing.T) {
	t.Parallel()
	m, s, c := crowded(t, false)
	m.availableMiB.Store(50)
	applied(t, declare(t, c, "first", title("First")), orbit.ImpactNone)
	if status, _ := ask(t, s, "first"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
}

func TestAnOrbitdThatEndsWithoutRoomIsFollowedByOneThatCarriesOn(t *testing.T) {
	t.Parallel()
	m, s, c := crowded(t, false)
	declare(t, c, "tight", title("A"))
	m.availableMiB.Store(150)
	reached, _ := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "tight"})
	change := put(t, c, "tight", title("B"))
	reached()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	applied(t, settle(t, c, change), orbit.ImpactRestart)
	if status, body := ask(t, s, "tight"); status != http.StatusOK || !strings.Contains(body, `"B"`) {
		t.Errorf("the page answers %d: %s; want what was declared", status, body)
	}
	one(t, s, "tight")
}

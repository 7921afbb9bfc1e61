package rollout_test

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// visitors ask all the time until the returned function is called, which returns the statuses of their answers.
func (o *orbitd) visitors(t *testing.T) (end func() []int) {
	t.Helper()
	stop := make(chan struct{})
	seen := map[int]bool{}
	var asking sync.WaitGroup
	asking.Go(func() {
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				status, _ := o.ask(t)
				seen[status] = true
			case <-stop:
				return
			}
		}
	})
	return func() []int {
		close(stop)
		asking.Wait()
		return slices.Sorted(maps.Keys(seen))
	}
}

func TestARestartThatGoesWrong(t *testing.T) {
	t.Parallel()
	const served, unavailable, unreachable = http.StatusOK, http.StatusServiceUnavailable, http.StatusBadGateway
	for _, c := range []struct {
		name  string
		fault fake.Fault // of the new process
		// during happens while the new process boots, after when the change's fate is known.
		during, after func(w *world)
		fate          orbit.ChangeState
		code          orbit.Code
		boots         int
		answers       []int // what visitors get
	}{
		{
			name: "the new process never gets ready", fault: fake.Fault{Op: fake.OpActivate, Hang: true, Times: 1},
			fate: orbit.ChangeFailed, code: orbit.CodeBootTimeout, boots: 1, answers: []int{served},
		},
		{
			name: "a plugin throws at the start", boots: 1, answers: []int{served},
			fault: fake.Fault{
				Op: fake.OpActivate, Times: 1, Err: &runtime.BootError{Code: orbit.CodeBootFailed, Plugin: plugin, Message: "no"},
			},
			fate: orbit.ChangeFailed, code: orbit.CodeBootFailed,
		},
		{
			name: "the new process dies as soon as it is ready", fault: fake.Fault{Op: fake.OpActivate, Die: true, Times: 1},
			fate: orbit.ChangeFailed, code: orbit.CodeProcessExited, boots: 1, answers: []int{served},
		},
		{
			name: "the new process dies right after the switch", fate: orbit.ChangeApplied, boots: 2,
			after:   func(w *world) { newest(w).Kill() },
			answers: []int{served, unavailable},
		},
		{
			name: "the process before dies while the new one boots", fate: orbit.ChangeApplied, boots: 1,
			during:  func(w *world) { w.processes.Processes(w.workspace)[0].Kill() },
			answers: []int{served, unreachable},
		},
		{
			name: "both die, one while the other boots", boots: 2,
			during: func(w *world) { w.processes.Kill(w.workspace) },
			// The new process takes the blame, since nobody knows better; what ran before runs again.
			fate: orbit.ChangeFailed, code: orbit.CodeProcessExited, answers: []int{served, unavailable},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inOrbitd(t, 1, func(t *testing.T, w *world, o *orbitd, _ []*managertest.Wire) {
				w.processes.Forget()
				if c.fault.Op != "" {
					w.processes.Inject(c.fault)
				}
				end := o.visitors(t)
				time.Sleep(time.Second)
				write := declared(titled("new"), secrets("new"))
				write.DeadlineSeconds = 20
				change := o.put(t, write)
				if c.during != nil {
					time.Sleep(quiet + bootTime/2)
					c.during(w)
				}
				change = o.settle(t, change)
				if change.State != c.fate || c.code != "" && change.Problem.Code != c.code {
					t.Errorf("the change is %s (%v), want %s %s", change.State, change.Problem, c.fate, c.code)
				}
				if c.after != nil {
					c.after(w)
				}
				rest()
				if answers := end(); !slices.Equal(answers, slices.Sorted(slices.Values(c.answers))) {
					t.Errorf("visitors are answered with %v, want %v", answers, c.answers)
				}
				if boots := w.boots(); boots != c.boots {
					t.Errorf("%d processes were given their config, want %d", boots, c.boots)
				}
				o.isWhatItDeclares(t)
				o.applied(t, o.put(t, declared(titled("newest"), nil)))
				rest()
				o.isWhatItDeclares(t)
			})
		})
	}
}

// newest is the process that was started last.
func newest(w *world) *fake.Process {
	running := w.processes.Processes(w.workspace)
	return running[len(running)-1]
}

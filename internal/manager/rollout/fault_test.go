package rollout_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// inOrbitd runs a test in a bubble, with an orbitd whose instance runs with a plugin.
func inOrbitd(t *testing.T, wires int, test func(t *testing.T, w *world, o *orbitd, wires []*managertest.Wire)) {
	t.Helper()
	options := fake.Options{Boot: refuseBroken, BootTime: bootTime}
	inWorld(t, wires, options, func(t *testing.T, w *world, wires []*managertest.Wire) {
		o := w.start(t, wires[0], nil)
		withPlugin(t, o)
		test(t, w, o, wires)
	})
}

// serving is the one process of the world.
func (w *world) serving(t *testing.T) *fake.Process {
	t.Helper()
	running := w.processes.Processes(w.workspace)
	if len(running) != 1 {
		t.Fatalf("%d processes run, want 1", len(running))
	}
	return running[0]
}

// answeredBy wants the process to answer requests.
func (o *orbitd) answeredBy(t *testing.T, process *fake.Process) {
	t.Helper()
	if status, id := o.ask(t); status != http.StatusOK || id != process.Handle().ID {
		t.Errorf("a request is answered %d by %q, want 200 by %s", status, id, process.Handle().ID)
	}
}

// live is the app-config of withPlugin with a change that a running process takes in.
func live() orbit.InstanceWrite {
	config := titled("old")
	config["proxy"] = map[string]any{"endpoints": map[string]any{"/live": map[string]any{"target": "http://127.0.0.1:1"}}}
	return declared(config, nil)
}

// A process whose control connection is gone takes up no live change, nor can it be given its config back: it is replaced
// by one that starts with the change, or, where the policy lets no restart happen for a change, with the config from
// before. It serves until then.
func TestALiveChangeThatMeetsALostControlConnection(t *testing.T) {
	t.Parallel()
	for policy, fate := range map[orbit.RestartPolicy]orbit.ChangeState{
		orbit.RestartAuto: orbit.ChangeApplied, orbit.RestartManual: orbit.ChangeFailed,
	} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			inOrbitd(t, 1, func(t *testing.T, w *world, o *orbitd, _ []*managertest.Wire) {
				obeying := declared(titled("old"), nil)
				obeying.RestartPolicy = policy
				o.applied(t, o.put(t, obeying))
				before := w.serving(t)
				before.Lose()
				end := o.visitors(t)
				write := live()
				write.RestartPolicy = policy
				if change := o.settle(t, o.put(t, write)); change.State != fate {
					t.Errorf("the change is %s (%v), want %s", change.State, change.Problem, fate)
				}
				rest()
				if answers := end(); !slices.Equal(answers, []int{http.StatusOK}) {
					t.Errorf("visitors are answered with %v, want 200 alone", answers)
				}
				if after := w.serving(t); after.Handle().ID == before.Handle().ID {
					t.Error("the process whose config nobody knows serves on")
				}
				o.isWhatItDeclares(t)
				o.applied(t, o.put(t, write))
				o.isWhatItDeclares(t)
			})
		})
	}
}

func TestAnOrbitdThatFindsAProcessWithoutAControlConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		regains time.Duration // 0 is never
		boots   int
	}{
		"adopts it when that comes back":    {10 * time.Second, 0},
		"replaces it when that is gone":     {0, 1},
		"replaces it when that is too late": {45 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inOrbitd(t, 2, func(t *testing.T, w *world, o *orbitd, wires []*managertest.Wire) {
				before := w.serving(t)
				o.end(t)
				before.Lose()
				w.processes.Forget()
				if c.regains > 0 {
					timer := time.AfterFunc(c.regains, before.Regain)
					defer timer.Stop()
				}
				next := w.start(t, wires[1], nil)
				rest()
				if boots := w.boots(); boots != c.boots {
					t.Errorf("%d processes were given their config, want %d", boots, c.boots)
				}
				next.isWhatItDeclares(t)
				next.applied(t, next.put(t, live()))
				next.isWhatItDeclares(t)
			})
		})
	}
}

func TestAFullDiskFailsTheChangeAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(t *testing.T, o *orbitd) orbit.Change{
		"in a restart": func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			return o.put(t, declared(titled("new"), secrets("new")))
		},
		"in an upgrade": func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			return o.upgrade(t, "one: {}")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inOrbitd(t, 1, func(t *testing.T, w *world, o *orbitd, _ []*managertest.Wire) {
				before := w.serving(t)
				w.full.Store(true)
				change := o.settle(t, write(t, o))
				if change.State != orbit.ChangeFailed || !strings.Contains(change.Problem.Detail, "no space left on device") {
					t.Errorf("the change is %s (%v), want failed for the full disk", change.State, change.Problem)
				}
				rest()
				w.full.Store(false)
				o.answeredBy(t, before)
				o.isWhatItDeclares(t)
				o.applied(t, write(t, o))
				rest()
				o.isWhatItDeclares(t)
			})
		})
	}
}

func TestChecksThatGetNoAnswerHoldNothingUpForLong(t *testing.T) {
	t.Parallel()
	inOrbitd(t, 1, func(t *testing.T, w *world, o *orbitd, _ []*managertest.Wire) {
		w.silent.Store(true)
		start := time.Now()
		o.applied(t, o.put(t, declared(titled("new"), secrets("new"))))
		if took := time.Since(start); took > 90*time.Second {
			t.Errorf("the change was applied after %s", took)
		}
		rest()
		o.isWhatItDeclares(t)

		// What was accepted once starts again without being checked.
		before := w.serving(t)
		w.processes.Kill(w.workspace)
		time.Sleep(10 * time.Second)
		if w.serving(t) == before {
			t.Error("nothing serves 10 s after a crash")
		}
	})
}

// A process ends by itself while a change waits that the checks then refuse.
func TestARefusedChangeDoesNotDelayTheStartOfWhatRan(t *testing.T) {
	t.Parallel()
	for name, silent := range map[string]bool{"at once": false, "with checks that get no answer": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inOrbitd(t, 1, func(t *testing.T, w *world, o *orbitd, _ []*managertest.Wire) {
				w.wrong.Store(true)
				w.silent.Store(silent)
				w.processes.Kill(w.workspace)
				change := o.put(t, declared(titled("new"), secrets("new")))
				time.Sleep(12 * time.Second) // 5 s of checks, a boot, and some
				if status, _ := o.ask(t); status != http.StatusOK {
					t.Errorf("12 s later a request is answered %d, want 200", status)
				}
				change = o.settle(t, change)
				if change.State != orbit.ChangeFailed || change.Problem.Code != orbit.CodeUnresolvable {
					t.Errorf("the change is %s (%v), want refused", change.State, change.Problem)
				}
				rest()
				o.isWhatItDeclares(t)
			})
		})
	}
}

func TestAnOutageOfPostgreSQLDisturbsNoVisitor(t *testing.T) {
	t.Parallel()
	inOrbitd(t, 1, func(t *testing.T, w *world, o *orbitd, wires []*managertest.Wire) {
		before := w.serving(t)
		wires[0].Cut()
		for range 5 {
			o.answeredBy(t, before)
			time.Sleep(outage / 5)
		}
		wires[0].Mend()
		o.applied(t, o.put(t, live()))
		o.answeredBy(t, before)
		o.isWhatItDeclares(t)
	})
}

// A process that ends while PostgreSQL is away is started again when that is back.
func TestACrashDuringAnOutageOfPostgreSQLIsMadeGood(t *testing.T) {
	t.Parallel()
	inOrbitd(t, 1, func(t *testing.T, w *world, o *orbitd, wires []*managertest.Wire) {
		wires[0].Cut()
		w.processes.Kill(w.workspace)
		time.Sleep(outage)
		if status, _ := o.ask(t); status != http.StatusServiceUnavailable {
			t.Errorf("a request is answered %d, want 503", status)
		}
		wires[0].Mend()
		rest()
		o.isWhatItDeclares(t)
	})
}

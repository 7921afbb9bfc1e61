package rollout

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// retryAfter is when the actor looks again after a step that failed for reasons of orbitd's own, the database's for
// example.
const retryAfter = 5 * time.Second

// The wait before a rollout that carries no change is tried again doubles from the first to the longest.
const (
	retryFirst   = 5 * time.Second
	retryLongest = 30 * time.Minute
)

// actor is the single writer of one instance. Its fields belong to its goroutine, except what mu guards.
type actor struct {
	*Supervisor
	workspace string
	logger    *slog.Logger
	wakes     chan struct{}
	begun     chan struct{} // closed by begin when what an earlier orbitd left is adopted, or cannot be
	begin     func()

	blue      *process // the process that serves; nil when there is none
	crashes   crashes
	removalAt time.Time // when a rollout that only removes plugins begins; zero when none waits
	// failures counts the rollouts that failed one after the other with no change to put back, and retryAt is when the
	// next one may begin.
	failures int
	retryAt  time.Time
	// given are the secret values that processes were given; errors and logs are masked with them.
	given map[string]struct{}
	// take is how many of the pending changes, the oldest, the next rollout tries; 0 is all. halvings counts how often
	// it was halved.
	take, halvings int
	adopted        bool
	unadopted      bool           // it was told that a process cannot be adopted
	kept           string         // the process whose plugins' schemas are noted as in use
	drains         sync.WaitGroup // processes that finish what they have
	standing       *standby       // loads for the rollout that is decided; nil when there is none
	leftovers      sync.WaitGroup // processes that could not be stopped
	endDrain       func()         // ends the patience with the newest of them
	dropDrain      func()         // ends the wait for its end too: its process is stopped another way

	mu        sync.Mutex
	observed  observed
	hosts     hosts
	interrupt context.CancelCauseFunc // ends the rollout under way; nil when there is none
}

// observed is what the actor shows to readers.
type observed struct {
	process runtime.Process
	bundle  string
	given   store.Given // to the process
	rolling bool
	booted  bool // a process has served since the actor began
}

// process is a process with its record.
type process struct {
	runtime.Process
	record store.Process
	target *gateway.Target
	// tainted says that it may run with another config than its record says.
	tainted bool
}

func newActor(s *Supervisor, workspace string) *actor {
	begun := make(chan struct{})
	return &actor{
		Supervisor: s, workspace: workspace, logger: s.Logger.With("workspace", workspace), wakes: make(chan struct{}, 1),
		begun: begun, begin: sync.OnceFunc(func() { close(begun) }),
		given: map[string]struct{}{}, endDrain: func() {}, dropDrain: func() {},
	}
}

func (a *actor) wake() {
	select {
	case a.wakes <- struct{}{}:
	default: // it will look anyway, and sees whatever was written before
	}
}

// run reconciles whenever something may have changed, until the instance is gone or ctx is done.
func (a *actor) run(ctx context.Context) {
	defer a.leftovers.Wait() // a drain may leave one
	defer a.drains.Wait()
	defer a.begin()
	for {
		again, err := a.reconcile(ctx)
		a.dismiss(ctx) // what no rollout has used
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrNotFound):
			if a.retire(a) {
				return
			}
		case err != nil:
			a.logger.ErrorContext(ctx, "rollout interrupted; trying again", "error", err, "after", retryAfter)
			again = retryAfter
		}
		if !a.sleep(ctx, again) {
			return
		}
	}
}

// sleep waits for a reason to reconcile: a wake, the end of the serving process, or the given time if it is not zero.
func (a *actor) sleep(ctx context.Context, again time.Duration) bool {
	var timeout <-chan time.Time
	if again > 0 {
		timer := time.NewTimer(again)
		defer timer.Stop()
		timeout = timer.C
	}
	var exited <-chan struct{}
	if a.blue != nil {
		exited = a.blue.Exited()
	}
	select {
	case <-a.wakes:
		return true
	case <-timeout:
		return true
	case <-exited:
		a.noteEnd(ctx)
		return true
	case <-ctx.Done():
		return false
	}
}

// noteEnd takes the serving process, which ended by itself, out of service.
func (a *actor) noteEnd(ctx context.Context) {
	exit := a.blue.Exit()
	a.crashes = a.crashes.add(time.Now())
	a.Gateway.Fail(a.workspace, gateway.Starting)
	a.event(ctx, "Warning", "ProcessEnded", "Backstage ended unexpectedly: "+exit.String(), "")
	a.logger.WarnContext(ctx, "instance ended by itself", "exit", exit.String(), "times", len(a.crashes))
	a.forget(ctx, a.blue)
	a.setBlue(nil)
	a.condition(ctx, orbit.ConditionReady, false, "ProcessEnded", "Backstage ended unexpectedly ("+exit.String()+") and is being started again")
	if a.crashes.looping() {
		a.condition(ctx, orbit.ConditionCrashLooping, true, "CrashLooping", "Backstage ended unexpectedly 5 times in 10 minutes")
		a.event(ctx, "Warning", "CrashLooping", "Backstage ended unexpectedly 5 times in 10 minutes; it is started again with growing waits", "")
	}
}

// setBlue makes p the process that readers see as serving.
func (a *actor) setBlue(p *process) {
	a.blue = p
	a.mu.Lock()
	defer a.mu.Unlock()
	a.observed.process, a.observed.bundle = nil, ""
	if p != nil {
		a.observed.process, a.observed.bundle, a.observed.booted = p.Process, p.record.Bundle, true
		a.observed.given = p.record.Given
	}
	a.pool.wake()
}

// beginAnew forgets the instance that is gone. One that is declared under the same name before the actor has ended is
// another instance, with nothing of this one's past.
func (a *actor) beginAnew() {
	a.adopted, a.unadopted, a.kept, a.crashes, a.removalAt = false, false, "", nil, time.Time{}
	a.failures, a.retryAt, a.take, a.halvings = 0, time.Time{}, 0, 0
	a.given = map[string]struct{}{}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.observed, a.hosts = observed{}, hosts{}
}

func (a *actor) setRolling(rolling bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.observed.rolling = rolling
}

// observe adds to the status what can be seen now.
func (a *actor) observe(ctx context.Context, deleting bool, status orbit.InstanceStatus) orbit.InstanceStatus {
	a.mu.Lock()
	seen := a.observed
	a.mu.Unlock()
	switch {
	case deleting:
		status.Phase = orbit.PhaseDeleting
	case seen.process != nil && seen.rolling:
		status.Phase = orbit.PhaseUpdating
	case seen.process != nil:
		status.Phase = orbit.PhaseReady
	case seen.rolling && seen.booted:
		status.Phase = orbit.PhaseUpdating
	case seen.rolling, !described(status.Conditions, orbit.ConditionReady):
		status.Phase = orbit.PhaseProvisioning
	default:
		status.Phase = orbit.PhaseFailed
	}
	status.Bundle = seen.bundle
	if seen.process == nil {
		return status
	}
	stats, err := seen.process.Stats(ctx)
	if err != nil {
		return status // it ended this moment; its actor is about to notice
	}
	status.PID, status.MemoryBytes, status.MemoryLimit = stats.PID, stats.MemoryBytes, stats.MemoryLimit
	status.StartedAt, status.App = &stats.StartedAt, seen.given.App
	return status
}

// event tells readers what happened. Losing one is not worth failing a rollout, so it is only logged.
func (a *actor) event(ctx context.Context, kind, reason, message, rolloutID string) {
	err := a.Store.PutEvent(ctx, orbit.Event{
		Workspace: a.workspace, Type: kind, Reason: reason, Message: printable(message), RolloutID: rolloutID,
	})
	if err != nil {
		a.logger.WarnContext(ctx, "event lost", "reason", reason, "error", err)
	}
	a.happened.send()
}

// condition records one aspect of the instance's state. Like an event, it is not worth failing a rollout.
func (a *actor) condition(ctx context.Context, kind string, status bool, reason, message string) {
	instance, err := a.Store.Instance(ctx, a.workspace)
	if err == nil {
		conditions := setCondition(instance.Conditions, orbit.Condition{
			Type: kind, Status: conditionStatus(status), Reason: reason, Message: printable(message),
			ObservedGeneration: instance.Generation,
		}, time.Now())
		err = a.Store.SetConditions(ctx, a.workspace, conditions)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		a.logger.WarnContext(ctx, "condition lost", "type", kind, "error", err)
	}
}

package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// life counts what an orbitd does to the world, its steps, from its first write on, and ends it at one of them. What
// orbitd keeps in its memory, its routes for example, is no step: it goes with it. Nor is a read, nor a statement inside
// a transaction: who dies there has done what who dies before the next step has done.
type life struct {
	wire *managertest.Wire
	// at is the step at which it ends, counted from 1; 0 is never.
	at int
	// underWay ends it when the world has been told of the step and carries it out, not just before.
	underWay bool
	// immortal keeps it alive: only statements are steps, and at the chosen one its wire is cut.
	immortal bool

	mu     sync.Mutex
	armed  bool
	spared bool
	dead   bool
	steps  []string
}

// errDead is what every call of a dead orbitd ends with. None of them reaches the world.
var errDead = errors.New("this orbitd is dead")

func (l *life) arming(tell func(string)) func(string) {
	return func(workspace string) {
		l.mu.Lock()
		l.armed = true
		l.mu.Unlock()
		tell(workspace)
	}
}

// begin counts from the next write on.
func (l *life) begin(at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.armed, l.steps = at, false, nil
}

// step counts one and says what becomes of it.
func (l *life) step(what string) managertest.Cut {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.spared, l.dead && l.immortal:
		return managertest.CutNothing
	case l.dead:
		return managertest.CutBefore
	case !l.armed:
		return managertest.CutNothing
	}
	l.steps = append(l.steps, what)
	if len(l.steps) != l.at {
		return managertest.CutNothing
	}
	l.dead = true
	if l.underWay {
		return managertest.CutAfter
	}
	return managertest.CutBefore
}

func (l *life) watch(statement string) managertest.Cut { return l.step(statement) }

func (l *life) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// spare lets it live from now on, if it still does.
func (l *life) spare() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spared = true
}

// taken are the steps so far.
func (l *life) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.steps...)
}

// do takes a step that is a call. One that is under way when orbitd dies goes on in the world without it.
func (l *life) do(ctx context.Context, what string, call func(ctx context.Context) error) error {
	if l.immortal {
		return call(ctx)
	}
	switch l.step(what) {
	case managertest.CutNothing:
		err := call(ctx)
		if l.ended() {
			return errDead // whoever would hear the answer is not there any more
		}
		return err
	case managertest.CutAfter:
		go func() { _ = call(context.WithoutCancel(ctx)) }()
	case managertest.CutBefore:
	}
	l.wire.Cut()
	return errDead
}

// mortal is the runtime as one orbitd reaches it, for as long as it lives.
type mortal struct {
	runtime.Runtime
	life *life
}

func (m *mortal) Start(ctx context.Context, spec runtime.Spec) (runtime.Process, error) {
	var started runtime.Process
	err := m.life.do(ctx, "start a process", func(ctx context.Context) (err error) {
		started, err = m.Runtime.Start(ctx, spec)
		return err
	})
	if err != nil {
		return nil, err // it may still be starting, for nobody
	}
	return &mortalProcess{Process: started, life: m.life}, nil
}

func (m *mortal) Recover(ctx context.Context, handle runtime.Handle) (runtime.Process, error) {
	if m.life.ended() && !m.life.immortal {
		return nil, errDead
	}
	p, err := m.Runtime.Recover(ctx, handle)
	if err != nil {
		return nil, err
	}
	return &mortalProcess{Process: p, life: m.life}, nil
}

func (m *mortal) Destroy(ctx context.Context, workspace string) error {
	return m.life.do(ctx, "remove the files", func(ctx context.Context) error { return m.Runtime.Destroy(ctx, workspace) })
}

// mortalProcess is a process as one orbitd reaches it.
type mortalProcess struct {
	runtime.Process
	life *life
}

func (p *mortalProcess) Assign(ctx context.Context, workspace string) error {
	return p.life.do(ctx, "assign", func(ctx context.Context) error { return p.Process.Assign(ctx, workspace) })
}

func (p *mortalProcess) Activate(ctx context.Context, boot runtime.Boot) error {
	return p.life.do(ctx, "activate", func(ctx context.Context) error { return p.Process.Activate(ctx, boot) })
}

func (p *mortalProcess) Push(ctx context.Context, config runtime.Config, looks []changeplan.Look) error {
	return p.life.do(ctx, "push", func(ctx context.Context) error { return p.Process.Push(ctx, config, looks) })
}

func (p *mortalProcess) Stop(ctx context.Context, grace time.Duration) error {
	return p.life.do(ctx, "stop", func(ctx context.Context) error { return p.Process.Stop(ctx, grace) })
}

// String names the steps that an orbitd took up to its end.
func (l *life) String() string {
	steps := l.taken()
	if len(steps) < l.at || l.at == 0 {
		return fmt.Sprintf("after all %d steps", len(steps))
	}
	when := "just before"
	if l.underWay {
		when = "during"
	}
	return fmt.Sprintf("%s step %d, %q", when, l.at, steps[l.at-1])
}

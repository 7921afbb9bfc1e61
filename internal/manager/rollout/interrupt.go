package rollout

import (
	"context"
	"errors"
)

// errDeleted is the cause of a rollout's end when its instance was deleted meanwhile.
var errDeleted = errors.New("the instance is being deleted")

// Interrupt ends the workspace's rollout, because its instance is being deleted, and makes the actor look again.
func (s *Supervisor) Interrupt(workspace string) {
	s.mu.Lock()
	a, found := s.actors[workspace]
	s.mu.Unlock()
	if found {
		a.mu.Lock()
		if a.interrupt != nil {
			a.interrupt(errDeleted)
		}
		a.mu.Unlock()
	}
	s.Wake(workspace)
}

// interruptible returns a context that Interrupt ends with errDeleted as its cause.
func (a *actor) interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	a.mu.Lock()
	a.interrupt = cancel
	a.mu.Unlock()
	return ctx, func() {
		a.mu.Lock()
		a.interrupt = nil
		a.mu.Unlock()
		cancel(nil)
	}
}

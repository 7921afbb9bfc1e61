package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// route is a workspace's place in the table.
type route struct {
	workspace string
	hosts     []string             // declared, canonical; guarded by Gateway.mu
	home      atomic.Pointer[home] // nil: its own name under the domain
	state     atomic.Pointer[state]
	waiting   atomic.Int64 // requests in wait
}

// state is what the manager last said of a workspace. It never changes once it is a route's.
type state struct {
	target  *Target // nil: none serves
	held    bool    // requests wait, whatever the target
	removed bool    // the workspace is gone
	absence Absence // when there is no target
	doing   string  // what is being done until requests are taken, for visitors

	replaced chan struct{} // closed when the route has another state
}

// told is why requests are not taken, and what is being done about that.
func (s *state) told() (Absence, string) {
	if s.held {
		return replacing, s.doing
	}
	return s.absence, s.doing
}

func newRoute(workspace string) *route {
	r := &route{workspace: workspace}
	r.state.Store(&state{replaced: make(chan struct{})})
	return r
}

// set replaces the state, wakes who waits for that and retires the target that the new state no longer has, which it
// returns. Calls do not overlap.
func (r *route) set(next state) (previous *Target) {
	next.replaced = make(chan struct{})
	old := r.state.Swap(&next)
	close(old.replaced)
	if old.target == next.target {
		return nil
	}
	if old.target != nil {
		old.target.retire() // after the swap: a request that is turned away finds the new state
	}
	return old.target
}

// Why a wait ended before the route changed.
var (
	errWaitFull    = errors.New("too many requests wait")
	errWaitTimeout = errors.New("waited too long")
)

// wait returns nil when the route no longer has state s, errWaitFull when limit requests wait already, errWaitTimeout
// at the deadline, and the context's error when the client went away.
func (r *route) wait(ctx context.Context, s *state, limit int, deadline time.Time) error {
	if r.waiting.Add(1) > int64(limit) {
		r.waiting.Add(-1)
		return errWaitFull
	}
	defer r.waiting.Add(-1)
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-s.replaced:
		return nil
	case <-timer.C:
		return errWaitTimeout
	case <-ctx.Done():
		return ctx.Err()
	}
}

package rollout

import (
	"context"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// kind is what standbys differ in: one is of use to a rollout of the same kind alone.
type kind struct {
	bundle, dir    string // hash and folder of the packages
	memoryLimitMiB int
}

func kindOf(installed bundle.Bundle, given store.Given) kind {
	return kind{bundle: installed.Hash, dir: installed.Dir, memoryLimitMiB: given.Spec.MemoryLimitMiB}
}

// standby is a process that loads its packages, or has, for a rollout of the instance that will give it its config. It
// lives as long as the look at the instance that began it: what has not been used by then is ended.
type standby struct {
	kind    kind
	cancel  context.CancelFunc
	loaded  chan struct{} // closed when one of the two below is known
	process *process
	err     error
}

// expect begins a standby for a rollout that was decided and still waits for company, so that its packages are loaded
// when it begins. Where they would have to be installed first, it begins none.
func (a *actor) expect(ctx context.Context, given store.Given) {
	if installed, found := a.Bundles.Installed(given.Spec.Release, given.Packages()); found {
		a.standBy(ctx, given, installed)
	}
}

// standBy sees to it that a standby of the right kind begins to load, if there is a place for it. One of another kind
// is ended.
func (a *actor) standBy(ctx context.Context, given store.Given, installed bundle.Bundle) {
	wanted := kindOf(installed, given)
	if a.standing != nil && a.standing.kind == wanted {
		return
	}
	a.dismiss(ctx)
	instance, err := a.Store.Instance(ctx, a.workspace)
	if err != nil || instance.Deleting {
		return // whoever needs the process meets the same
	}
	var pooled runtime.Process
	if instance.UserID == nil {
		pooled = a.pool.take(wanted)
	}
	leave := func() {}
	if pooled == nil {
		var ok bool
		if leave, ok = a.places.try(a.need(ctx, given, 0)); !ok {
			return
		}
	}
	ctx, cancel := context.WithCancel(a.ctx) //nolint:contextcheck // the wait for company and the rollout use it, each with a ctx of its own
	s := &standby{kind: wanted, cancel: cancel, loaded: make(chan struct{})}
	a.standing = s
	go func() { // dismiss or claim waits for it
		defer close(s.loaded)
		defer leave()
		if pooled != nil {
			s.process, s.err = a.assign(ctx, given, installed, pooled)
		} else {
			s.process, s.err = a.start(ctx, given, installed)
		}
	}()
}

// claim returns a process that stands by for what is given: the one that was begun for it, one of the pool, or else a
// new one.
func (a *actor) claim(ctx context.Context, given store.Given, installed bundle.Bundle) (*process, error) {
	s := a.standing
	if s == nil || s.kind != kindOf(installed, given) {
		a.dismiss(ctx)
		return a.start(ctx, given, installed)
	}
	if err := a.loaded(ctx); err != nil {
		return nil, err
	}
	if ended(s.process) {
		a.dismiss(ctx)
		return a.start(ctx, given, installed)
	}
	// What is given may have changed while it loaded.
	record := s.process.record
	given.URL = a.URL(a.workspace, given.Spec.BaseURL)
	record.Given = given
	if err := a.putProcess(ctx, record); err != nil {
		return nil, err
	}
	a.standing = nil
	s.cancel()
	s.process.record = record
	return s.process, nil
}

// dismiss ends the standby, if there is one.
func (a *actor) dismiss(ctx context.Context) {
	s := a.standing
	if s == nil {
		return
	}
	a.standing = nil
	s.cancel()
	<-s.loaded
	if s.process != nil {
		a.discard(ctx, s.process)
	}
}

// loaded waits for the standby, if there is one, to have loaded its packages. Where they cannot be loaded it returns why,
// and there is no standby any more.
func (a *actor) loaded(ctx context.Context) error {
	s := a.standing
	if s == nil {
		return nil
	}
	select {
	case <-s.loaded:
	case <-ctx.Done():
		return fmt.Errorf("wait for a process to load its packages: %w", ctx.Err())
	}
	if s.err != nil {
		a.dismiss(ctx)
	}
	return s.err
}

// enter waits for the standby to have loaded and for a place to boot. Beside a process that serves, it gives up with a
// *shortage where there is no room.
func (a *actor) enter(ctx context.Context, given store.Given) (leave func(), err error) {
	if err := a.loaded(ctx); err != nil {
		return nil, err
	}
	var standing int64
	if a.standing != nil {
		standing = residentBytes(ctx, a.standing.process)
	}
	leave, err = a.places.wait(ctx, a.need(ctx, given, standing), a.blue == nil, a.makeRoom)
	if err != nil {
		return nil, fmt.Errorf("wait for a place to boot: %w", err)
	}
	return leave, nil
}

// makeRoom ends what takes memory and is not needed: standbys, and what a process that was replaced still does.
func (a *actor) makeRoom() {
	a.endDrain()
	a.pool.giveUp()
}

// need is what a process with what is given takes beyond what its standby does.
func (a *actor) need(ctx context.Context, given store.Given, standby int64) int64 {
	var observed int64
	if a.blue != nil {
		observed = residentBytes(ctx, a.blue)
	}
	return need(observed, given.Spec.MemoryLimitMiB, standby)
}

package rollout

import (
	"context"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

const (
	// persistAgain is how long a write waits before it is made again.
	persistAgain = time.Second
	// forgetPatience bounds how long the record of an ended process is tried to be removed. One that stays does no harm:
	// the next orbitd finds that its process is gone.
	forgetPatience = 30 * time.Second
)

// persist makes a write until PostgreSQL has answered it, or ctx or orbitd ends. Of a write whose answer was lost nobody
// knows whether it was made, and an actor that goes on as if it was not may take the wrong process for the one that
// serves. The write is idempotent.
func (a *actor) persist(ctx context.Context, write func(ctx context.Context) error) error {
	for {
		err := write(ctx)
		if !store.Unavailable(err) {
			return err
		}
		timer := time.NewTimer(persistAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-a.ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// putProcess records a process that does not serve.
func (a *actor) putProcess(ctx context.Context, record store.Process) error {
	return a.persist(ctx, func(ctx context.Context) error { return a.Store.PutProcess(ctx, record) })
}

// putServing records what serves, also past the rollout's deadline: what became of the rollout the record decides.
func (a *actor) putServing(ctx context.Context, record store.Process) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(a.ctx, cancel)() //nolint:contextcheck // the end of orbitd ends every rollout
	return a.putProcess(ctx, record)
}

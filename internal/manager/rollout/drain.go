package rollout

import (
	"context"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// drain lets a process that was replaced finish what it has, until the given time at most, and ends it: its requests
// first, then, told to stop, the tasks that Backstage still runs. At most one process of an instance drains: a second
// one ends the patience with the first.
func (a *actor) drain(ctx context.Context, p *process, until time.Time) {
	a.endDrain()
	// The rollout that replaced the process is over, and may be over its deadline.
	whole, drop := context.WithCancel(context.WithoutCancel(ctx))
	patience, end := context.WithDeadline(whole, until)
	a.endDrain, a.dropDrain = end, drop
	a.drains.Go(func() {
		defer drop()
		stop := context.AfterFunc(a.ctx, drop) //nolint:contextcheck // the end of orbitd ends every drain
		defer stop()
		a.noteDrain(whole, p, until)
		a.finishRequests(patience, p.target)
		if whole.Err() == nil && a.ctx.Err() == nil {
			a.finishTasks(patience, whole, p, until)
		}
		if a.ctx.Err() == nil {
			a.leaveHost(p)
		}
	})
}

// noteDrain lets the next orbitd know that the process may take its time.
func (a *actor) noteDrain(ctx context.Context, p *process, until time.Time) {
	p.record.Role, p.record.DrainUntil = store.RoleStopping, &until
	if err := a.Store.PutProcess(ctx, p.record); err != nil && ctx.Err() == nil {
		a.logger.WarnContext(ctx, "drain not recorded; an orbitd that is restarted now ends it", "process", p.record.ID, "error", err)
	}
}

// finishRequests returns when the target's requests have ended, by themselves or cut at the end of ctx. At the end of
// orbitd it leaves them to whoever has the gateway.
func (a *actor) finishRequests(ctx context.Context, target *gateway.Target) {
	if target == nil {
		return
	}
	target.Dismiss()
	select {
	case <-target.Empty():
		return
	case <-ctx.Done():
	case <-a.ctx.Done():
	}
	if a.ctx.Err() != nil {
		return
	}
	if err := target.Drain(ctx); err != nil {
		a.logger.WarnContext(ctx, "requests cut at the end of the drain", "error", err)
	}
}

// finishTasks stops a process that has no requests any more. Its tasks may take until the end of patience, and then no
// longer than those of any process that is stopped.
func (a *actor) finishTasks(patience, whole context.Context, p *process, until time.Time) {
	if patience.Err() == nil && p.Stop(patience, max(time.Until(until), a.StopGrace)) == nil {
		a.forget(whole, p)
		return
	}
	if whole.Err() == nil {
		a.end(whole, p, a.StopGrace)
	}
}

// endDrains ends the patience with a process that drains, and waits for its end.
func (a *actor) endDrains() {
	a.endDrain()
	a.drains.Wait()
}

package rollout

import (
	"context"
	"time"
)

// endLater tries again, with growing waits, to end a process that could not be stopped, until it has ended or orbitd
// does; the next one finds its record.
func (a *actor) endLater(ctx context.Context, p *process) {
	a.leftovers.Go(func() {
		for wait := backoffFirst; ; wait = min(2*wait, backoffLongest) {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-p.Exited():
			case <-a.ctx.Done():
			}
			timer.Stop()
			if a.ctx.Err() != nil {
				return
			}
			bounded, cancel := context.WithTimeout(a.ctx, a.StopGrace)
			err := p.Stop(bounded, 0) //nolint:contextcheck // the end of orbitd ends this
			cancel()
			if err == nil || ended(p) {
				a.forget(ctx, p)
				a.logger.InfoContext(ctx, "process stopped at last", "process", p.record.ID)
				a.wake() // what it left in the database can go now
				return
			}
		}
	})
}

package rollout

import (
	"context"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// holdDrain is how long requests that a process already has may go on while others are held behind them: well below
// gateway.HoldTimeout, since those also wait for the boot, and for the clone of an upgrade.
const holdDrain = 15 * time.Second

// exchange is a restart where memory has no room for green beside blue: requests wait while blue stops and green
// starts. When green does not come up, what ran before is started again.
func (a *actor) exchange(ctx context.Context, r rollout, short *shortage) error {
	a.dismiss(ctx)
	message := "requests wait while the process is replaced, because there is no room for a second one: " + short.Error()
	a.condition(ctx, orbit.ConditionRoomForGreen, false, "NotEnoughMemory", message)
	a.event(ctx, "Warning", "NoRoomForGreen", message, r.id)
	a.logger.WarnContext(ctx, "no room for green; holding requests", "rollout", r.id, "need_mib", short.need/mib,
		"available_mib", short.available/mib, "promised_mib", short.promised/mib, "reserve_mib", short.reserve/mib)
	if err := a.vacate(ctx, r); err != nil {
		return err
	}
	err := a.boot(ctx, r)
	if err != nil && a.blue == nil {
		return a.bringBack(ctx, r, err)
	}
	return err
}

// vacate holds requests and stops the serving process. When it does not end, it serves on.
func (a *actor) vacate(ctx context.Context, r rollout) error {
	a.endDrains() // what was replaced before blue takes memory, and writes to the database
	a.progress(ctx, r, "holding requests")
	bounded, cancel := context.WithTimeout(ctx, min(a.DrainTimeout, holdDrain))
	defer cancel()
	a.finishRequests(bounded, a.Gateway.Hold(a.workspace))
	if a.ctx.Err() != nil {
		return a.ctx.Err() // the next orbitd adopts blue
	}
	a.condition(ctx, orbit.ConditionReady, false, replacing, "requests wait while the process is replaced")
	if err := a.stopBlue(ctx); err != nil {
		if !ended(a.blue) {
			a.Gateway.Switch(a.workspace, a.blue.Address())
			a.condition(ctx, orbit.ConditionReady, true, "Serving", "requests are served")
		}
		return err
	}
	return nil
}

package rollout

import (
	"context"
	"errors"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// adoptGeneration is the step of impact none: the process already runs what is declared.
func (a *actor) adoptGeneration(ctx context.Context, r rollout) error {
	return a.setGiven(ctx, r.declared)
}

// errBlueEnded says that the serving process ended by itself in the middle of a step that needs it.
var errBlueEnded = errors.New("the serving process ended")

// setGiven records what the serving process runs with now.
func (a *actor) setGiven(ctx context.Context, given store.Given) error {
	record := a.blue.record
	record.Given = given.In(record.Given)
	if err := a.putServing(ctx, record); err != nil {
		return err
	}
	a.blue.record = record
	return nil
}

// boot is the step of an instance that has no process: one is prepared and serves.
func (a *actor) boot(ctx context.Context, r rollout) error {
	if a.blue == nil && r.served == nil { // visitors wait where it will be
		if err := a.declareHosts(a.workspace, r.declared.Spec.BaseURL, ""); err != nil {
			return err
		}
	}
	green, err := a.prepare(ctx, r, r.declared)
	if err != nil {
		return err
	}
	return a.serve(ctx, r, green)
}

// replace is the step of impact restart: green takes over from blue, which serves until then.
func (a *actor) replace(ctx context.Context, r rollout) error {
	a.event(ctx, "Normal", "RolloutStarted", "a new process is being prepared beside the old one: "+summary(r.decision.Reasons), r.id)
	err := a.boot(ctx, r)
	var short *shortage
	switch {
	case errors.As(err, &short):
		return a.exchange(ctx, r, short)
	case err == nil:
		a.condition(ctx, orbit.ConditionRoomForGreen, true, "EnoughMemory", "")
	}
	return err
}

// serve makes the prepared process the one that requests go to, and lets the one before finish what it has. A process
// that does not stay ready is none to switch to.
func (a *actor) serve(ctx context.Context, r rollout, green *process) error {
	if err := a.staysReady(ctx, green); err != nil {
		a.discard(ctx, green)
		return err
	}
	blue := a.blue
	if err := a.answerUnder(green, blue); err != nil {
		a.discard(ctx, green)
		return err
	}
	record := green.record
	record.Role = store.RoleServing
	if err := a.putServing(ctx, record); err != nil {
		_ = a.answerUnder(blue, nil) // as before
		if a.ctx.Err() == nil {      // else the next orbitd finds which of the two is recorded
			a.discard(ctx, green)
		}
		return err
	}
	green.record = record
	before := a.Gateway.Switch(a.workspace, green.Address())
	a.setBlue(green)
	a.ready(ctx, r)
	a.keepSchemas(context.WithoutCancel(ctx))
	if blue != nil {
		blue.target = before
		a.drain(ctx, blue, time.Now().Add(a.DrainTimeout))
	}
	return nil
}

// readyFor is how long a process has to stay ready before requests are sent to it.
const readyFor = 200 * time.Millisecond

func (a *actor) staysReady(ctx context.Context, green *process) error {
	timer := time.NewTimer(readyFor)
	defer timer.Stop()
	select {
	case <-green.Exited():
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !ended(green) && green.Address() != "" {
		return nil
	}
	tail, _ := a.Runtime.Logs(ctx, a.workspace, tailLines) // best effort: the end alone is worth telling
	return &runtime.BootError{
		Code: orbit.CodeProcessExited, Message: "Backstage was ready and then " + green.Exit().String(), LogTail: tail,
	}
}

// ended says whether the process has ended by itself or otherwise.
func ended(p *process) bool { return exited(p) }

package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// adoptGeneration is the step of impact none: the process already runs what is declared.
func (a *actor) adoptGeneration(ctx context.Context, r rollout) error {
	return a.setGiven(ctx, r.declared)
}

// push is the step of impact live.
func (a *actor) push(ctx context.Context, r rollout) error {
	a.progress(ctx, r, "pushing the config to the running process")
	config, err := a.effective(ctx, r.declared)
	if err != nil {
		return err
	}
	if err := a.blue.Push(ctx, config); err != nil {
		// The process may have taken a part of it; give it back what it had.
		if before, beforeErr := a.effective(ctx, a.blue.record.Given); beforeErr == nil {
			if backErr := a.blue.Push(ctx, before); backErr != nil {
				a.logger.WarnContext(ctx, "the config before could not be pushed back", "rollout", r.id, "error", backErr)
			}
		}
		return fmt.Errorf("push the config to the running process: %w", err)
	}
	if err := a.setGiven(ctx, r.declared); err != nil {
		return err
	}
	a.event(ctx, "Normal", "ConfigPushed", fmt.Sprintf("generation %d is live, with the same process", r.declared.Generation), r.id)
	return nil
}

// setGiven records what the serving process runs with now.
func (a *actor) setGiven(ctx context.Context, given store.Given) error {
	record := a.blue.record
	record.Given = given
	if err := a.Store.PutProcess(ctx, record); err != nil {
		return err
	}
	a.blue.record = record
	return nil
}

// boot is the step of an instance that has no process.
func (a *actor) boot(ctx context.Context, r rollout) error {
	green, err := a.prepare(ctx, r, r.declared)
	if err != nil {
		return err
	}
	return a.serve(ctx, r, green)
}

// replace is the step of impact restart: green takes over from blue, which serves until then.
func (a *actor) replace(ctx context.Context, r rollout) error {
	a.event(ctx, "Normal", "RolloutStarted", "a new process is being prepared beside the old one: "+summary(r.decision.Reasons), r.id)
	green, err := a.prepare(ctx, r, r.declared)
	if err != nil {
		return err
	}
	return a.serve(ctx, r, green)
}

// upgrade is the step of impact upgrade: blue stops before code of another version meets its database. When green does
// not come up, blue's own packages and config are started again.
func (a *actor) upgrade(ctx context.Context, r rollout) error {
	a.event(ctx, "Normal", "RolloutStarted", "requests wait while the process is replaced: "+summary(r.decision.Reasons), r.id)
	a.progress(ctx, r, "installing packages")
	if _, err := a.bundle(ctx, r, r.declared); err != nil {
		return err // before anything was touched
	}
	before := a.blue.record.Given
	a.finishRequests(ctx, a.Gateway.Hold(a.workspace))
	if err := a.stopBlue(ctx); err != nil {
		return err
	}
	green, err := a.prepare(ctx, r, r.declared)
	if err == nil {
		return a.serve(ctx, r, green)
	}
	if errors.Is(context.Cause(ctx), errDeleted) {
		return err
	}
	// The rollout's own deadline may be what ended it; putting back has its own.
	again, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.BootTimeout)
	defer cancel()
	blue, backErr := a.prepare(again, r, before)
	if backErr == nil {
		backErr = a.serve(again, r, blue)
	}
	if backErr != nil {
		a.Gateway.Fail(a.workspace, "the instance could not be started")
		a.logger.ErrorContext(ctx, "the process before could not be started again", "rollout", r.id, "error", a.mask(again, backErr.Error()))
	}
	return err
}

// serve makes the prepared process the one that requests go to, and lets the one before finish what it has.
func (a *actor) serve(ctx context.Context, r rollout, green *process) error {
	record := green.record
	record.Role = store.RoleServing
	if err := a.Store.PutProcess(ctx, record); err != nil {
		a.discard(ctx, green)
		return err
	}
	green.record = record
	blue := a.blue
	before := a.Gateway.Switch(a.workspace, green.Address())
	a.setBlue(green)
	a.ready(ctx, r)
	if blue != nil {
		blue.target = before
		a.drain(ctx, blue)
	}
	return nil
}

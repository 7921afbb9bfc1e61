package rollout

import (
	"context"
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

package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// upgrade is the step of impact upgrade: code of another version meets the database. Requests wait while blue stops and
// the database is cloned inside PostgreSQL; green migrates it and starts. When green does not come up, the clone takes
// the database's place and blue's own packages and config are started again, so nothing is ever half migrated.
//
// From the moment the clone is noted until green serves, an orbitd that dies is followed by one that restores it.
func (a *actor) upgrade(ctx context.Context, r rollout) error {
	a.event(ctx, "Normal", "RolloutStarted", "requests wait while the process is replaced: "+summary(r.decision.Reasons), r.id)
	a.progress(ctx, r, "installing packages")
	installed, err := a.bundle(ctx, r, r.declared)
	if err != nil {
		return err // before anything was touched
	}
	a.standBy(ctx, r.declared, installed) // before anybody waits
	if err := a.loaded(ctx); err != nil {
		return err
	}
	if err := a.vacate(ctx, r); err != nil {
		return err
	}
	clone, err := a.clone(ctx, r)
	if err != nil {
		return a.bringBack(ctx, r, err)
	}
	green, err := a.prepare(ctx, r, r.declared)
	if err != nil {
		return a.bringBack(ctx, r, err)
	}
	if err := a.serve(ctx, r, green); err != nil {
		return err
	}
	a.event(ctx, "Normal", "DatabaseCloned", fmt.Sprintf("the database from before the upgrade is kept as %s for %v", clone, CloneRetention), r.id)
	return nil
}

// clone copies the database and notes that it has to be restored from the copy, should the upgrade not come to its end.
func (a *actor) clone(ctx context.Context, r rollout) (string, error) {
	a.doing(ctx, r, "cloning the database")
	why := fmt.Sprintf("the database from before the upgrade to generation %d: %s", r.declared.Generation, summary(r.decision.Reasons))
	clone, err := a.Databases.Clone(ctx, a.workspace, printable(why), time.Now())
	if err != nil {
		return "", err
	}
	return clone.Name, a.Store.SetRestoreFrom(ctx, a.workspace, clone.Name)
}

// bringBack starts what ran before a rollout that stopped it and failed, on the database from before it, and returns why
// the rollout failed. The rollout's deadline may be what ended it; bringing back has a time of its own.
func (a *actor) bringBack(ctx context.Context, r rollout, cause error) error {
	if errors.Is(context.Cause(ctx), errDeleted) || a.ctx.Err() != nil || store.Unavailable(cause) {
		return cause // nothing to bring back to, or nothing to do it with: reconcile restores before anything boots
	}
	again, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.BootTimeout)
	defer cancel()
	if err := a.startAgain(again, r); err != nil {
		a.Gateway.Fail(a.workspace, gateway.Failed)
		a.logger.ErrorContext(again, "what ran before could not be started again", "rollout", r.id, "error", a.mask(again, err.Error()))
	}
	return cause
}

func (a *actor) startAgain(ctx context.Context, r rollout) error {
	instance, err := a.Store.Instance(ctx, a.workspace)
	if err != nil {
		return err
	}
	if instance.RestoreFrom != "" {
		if err := a.restore(ctx, instance.RestoreFrom); err != nil {
			return err
		}
	}
	if err := a.dropUnserved(ctx); err != nil {
		a.logger.WarnContext(ctx, "what the rollout left in the database stays there", "rollout", r.id, "error", err)
	}
	blue, err := a.prepare(ctx, r, *r.served)
	if err != nil {
		return err
	}
	return a.serve(ctx, r, blue)
}

// restore puts the clone in the database's place. No process of the instance runs.
func (a *actor) restore(ctx context.Context, clone string) error {
	if err := a.Databases.Restore(ctx, a.workspace, clone); err != nil {
		return err
	}
	if err := a.Store.SetRestoreFrom(ctx, a.workspace, ""); err != nil {
		return err
	}
	a.event(ctx, "Warning", "DatabaseRestored", "the upgrade failed; the database is the one from before it", "")
	return nil
}

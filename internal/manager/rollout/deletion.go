package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// cleanTimeout bounds one attempt to remove what an instance leaves: a process that does not end, or a database that is
// not dropped, is tried again.
const cleanTimeout = 2 * time.Minute

// destroy removes an instance that is being deleted, with its database.
func (a *actor) destroy(ctx context.Context) error {
	start := time.Now()
	if err := a.cleanInTime(ctx); err != nil {
		return errors.Join(err, a.failOverdue(ctx, err))
	}
	err := a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error { return a.forgetInstance(ctx, tx, nil, nil) })
	if err != nil {
		return err
	}
	a.beginAnew()
	a.event(ctx, "Normal", "Deleted", "the instance, its database and its files are gone", "")
	a.logger.InfoContext(ctx, "instance deleted", "duration", time.Since(start))
	a.tellFates()
	a.wake()
	return nil
}

// cleanInTime cleans up within cleanTimeout, or about until the first of the changes that wait for it has to be told.
func (a *actor) cleanInTime(ctx context.Context) error {
	pending, err := a.Store.PendingChanges(ctx, a.workspace)
	if err != nil {
		return err
	}
	limit := cleanTimeout
	for _, c := range pending {
		limit = min(limit, max(time.Until(c.Deadline), 2*a.StopGrace)) // the last attempt is a fair one
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return a.clean(bounded)
}

// failOverdue tells those who have waited for the instance's end for as long as they wanted to why it does not come. The
// instance goes on being deleted.
func (a *actor) failOverdue(ctx context.Context, cause error) error {
	problem := a.problem(ctx, cause)
	problem.Code, problem.Title = orbit.CodeInternal, "The instance of workspace "+a.workspace+" is not deleted yet"
	problem.Detail += "; orbitd goes on trying: delete it again to wait for that"
	failed := 0
	err := a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error {
		pending, err := tx.PendingChanges(ctx, a.workspace)
		if err != nil {
			return err
		}
		for _, c := range slices.Backward(pending) {
			if time.Now().Before(c.Deadline) {
				continue
			}
			why := problem
			if c.Operation != orbit.OperationDelete {
				why = a.superseded()
			}
			if err := tx.FailChange(ctx, c, why); err != nil {
				return err
			}
			failed++
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("tell why the instance is not deleted: %w", err)
	}
	if failed > 0 {
		a.event(ctx, "Warning", "NotDeleted", problem.Detail, "")
		a.tellFates()
	}
	return nil
}

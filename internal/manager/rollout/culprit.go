package rollout

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxHalvings bounds how often a rollout that failed without naming a culprit is tried again with half of its changes.
// Each is a boot; six find one bad change among more than sixty.
const maxHalvings = 6

// narrow says which changes a failure is put back for, so that the others go ahead. An empty answer means that the next
// rollout tries fewer changes before anything is put back.
func (a *actor) narrow(r rollout, cause error) []store.Change {
	if deadline, limited := r.deadline(); limited && time.Now().After(deadline) {
		a.take = 0
		return slices.DeleteFunc(slices.Clone(r.changes), func(c store.Change) bool { return c.Deadline.After(deadline) })
	}
	if guilty := r.guilty(culprit(cause)); len(guilty) > 0 {
		return guilty
	}
	if len(r.changes) > 1 && a.halvings < maxHalvings {
		a.halvings++
		a.take = len(r.changes) / 2
		return nil
	}
	a.take = 0
	return r.changes
}

// culprit is the package that a failure names, "" when it names none.
func culprit(cause error) string {
	var boot *runtime.BootError
	if errors.As(cause, &boot) {
		return boot.Plugin
	}
	var install *bundle.Error
	if errors.As(cause, &install) {
		return install.Plugin
	}
	var refused *orbit.Problem
	if errors.As(cause, &refused) {
		return refused.Plugin
	}
	return ""
}

// guilty are the rollout's changes that concern the package: those of its own resource, or else those of the instance
// when the package is in its own set. A package that no change concerns may have been broken by any of them.
func (r rollout) guilty(name string) []store.Change {
	if name == "" {
		return nil
	}
	_, inSet := r.declared.Spec.Plugins[name]
	var guilty []store.Change
	for _, c := range r.changes {
		if c.Plugin == name || inSet && c.Plugin == "" {
			guilty = append(guilty, c)
		}
	}
	return guilty
}

// taken reduces the rollout to the oldest of its changes where an earlier one failed with more.
func (a *actor) taken(ctx context.Context, tx *store.Tx, r rollout) (rollout, error) {
	if len(r.changes) == 0 {
		a.take, a.halvings = 0, 0
	}
	if a.take == 0 || len(r.changes) <= a.take {
		return r, nil
	}
	var err error
	r.declared, err = tx.Without(ctx, r.declared, a.workspace, r.changes[a.take:])
	r.changes = r.changes[:a.take]
	return r, err
}

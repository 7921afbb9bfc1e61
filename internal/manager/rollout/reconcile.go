package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// reconcile takes the instance to what is declared. It returns when to look again by itself, 0 for never, and
// store.ErrNotFound when the instance is gone.
func (a *actor) reconcile(ctx context.Context) (again time.Duration, err error) {
	instance, err := a.Store.Instance(ctx, a.workspace)
	if err != nil {
		return 0, err
	}
	if instance.Deleting {
		a.begin()
		return 0, a.destroy(ctx)
	}
	if !a.adopted {
		err := a.adopt(ctx)
		a.begin()
		if err != nil {
			return 0, err
		}
		a.adopted = true
	}
	if a.blue != nil && ended(a.blue) {
		a.noteEnd(ctx)
	}
	if err := a.finishServed(ctx, instance.ObservedGeneration); err != nil {
		return 0, err
	}
	if instance.RestoreFrom != "" && a.blue == nil {
		if err := a.restore(ctx, instance.RestoreFrom); err != nil {
			return 0, err
		}
	}
	if err := a.dropUnserved(ctx); err != nil {
		return 0, err
	}
	a.keepSchemas(ctx)
	r, err := a.look(ctx)
	if err != nil {
		return 0, err
	}
	if a.blue == nil {
		if wait := time.Until(a.crashes.startAt()); wait > 0 && len(r.changes) == 0 {
			return wait, nil
		}
		return 0, a.carryOut(ctx, r)
	}
	if wait := time.Until(a.retryAt); wait > 0 && len(r.changes) == 0 {
		return wait, nil
	}
	switch {
	case r.decision.Impact == orbit.ImpactNone && len(r.changes) == 0 && a.blue.record.Given.Generation == r.declared.Generation:
		return 0, a.dropOldSchemas(ctx, r)
	case !r.decision.Impact.Interrupts():
		a.removalAt = time.Time{}
		return 0, a.carryOut(ctx, r)
	case len(r.changes) == 0:
		// Nobody waits: only plugins were removed. They go together with whatever comes in the meantime.
		if a.removalAt.IsZero() {
			a.removalAt = time.Now().Add(a.RemovalDelay)
		}
		if wait := time.Until(a.removalAt); wait > 0 {
			return wait, nil
		}
	default:
		a.expect(ctx, r.declared)
		gather(ctx, a.wakes)
	}
	a.removalAt = time.Time{}
	if r, err = a.look(ctx); err != nil {
		return 0, err
	}
	return 0, a.carryOut(ctx, r)
}

// step is what the rollout's impact takes. Without a process that serves it is a boot, with the precautions of an
// upgrade where code of another version meets the database.
func (a *actor) step(r rollout) func(context.Context, rollout) error {
	switch {
	case r.decision.Impact == orbit.ImpactUpgrade:
		return a.upgrade
	case a.blue == nil:
		return a.boot
	case r.decision.Impact == orbit.ImpactRestart:
		return a.replace
	case r.decision.Impact == orbit.ImpactLive:
		return a.push
	default:
		return a.adoptGeneration
	}
}

// rollout is one way from what runs to what is declared.
type rollout struct {
	id string
	// declared is where it leads.
	declared store.Given
	// served is where it begins: what runs, or what ran last; nil at the first boot.
	served *store.Given
	// changes are the pending ones that it carries.
	changes []store.Change
	// decision is what lies between the two; the zero value at the first boot.
	decision changeplan.Decision
	// waiting is the impact of those changes, and of any costlier ones, that wait for a restart, because the instance's
	// restart policy keeps them from being rolled out; "" when none do. Declared is without them.
	waiting orbit.Impact
	// refused says that it was not tried, because what is declared cannot be.
	refused bool
}

// look reads what is declared and decides what lies between that and what runs.
func (a *actor) look(ctx context.Context) (rollout, error) {
	r := rollout{id: uuid.Must(uuid.NewV7()).String()}
	err := a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error {
		var err error
		if r.declared, err = tx.Declared(ctx, a.workspace); err != nil {
			return err
		}
		if r.changes, err = tx.PendingChanges(ctx, a.workspace); err != nil {
			return err
		}
		if r, err = a.taken(ctx, tx, r); err != nil {
			return err
		}
		instance, err := tx.Instance(ctx, a.workspace)
		r.served = instance.Served
		return err
	})
	if err != nil || r.served == nil {
		return r, err
	}
	if r, err = r.obeyPolicy(); err != nil {
		return r, err
	}
	if reason := a.overdue(r); reason != "" {
		r.decision.Impact = orbit.MaxImpact(r.decision.Impact, orbit.ImpactRestart)
		r.decision.Reasons = append(r.decision.Reasons, orbit.Reason{Path: "instance", Impact: orbit.ImpactRestart, Because: reason})
	}
	return r, nil
}

// overdue says why the process has to be replaced although what is declared does not ask for it; "" is not at all.
func (a *actor) overdue(r rollout) string {
	served := *r.served
	url := a.URL(a.workspace, served.Spec.BaseURL)
	switch {
	case a.blue == nil:
		return ""
	case r.restartAsked():
		return "a restart was asked for"
	case a.blue.tainted:
		return "it may run with a config that could not be taken back"
	case served.URL != "" && served.URL != url:
		return "orbitd serves it at " + url + " now, and a process is told its URL when it starts"
	default:
		return ""
	}
}

// finishServed ends the changes that the serving process has already: an orbitd died between switching and recording.
// Where only plugins were removed there is none, and what is left to record is the generation.
func (a *actor) finishServed(ctx context.Context, observed int64) error {
	if a.blue == nil {
		return nil
	}
	pending, err := a.Store.PendingChanges(ctx, a.workspace)
	if err != nil {
		return err
	}
	served := slices.DeleteFunc(pending, func(c store.Change) bool { return c.Generation > a.blue.record.Given.Generation })
	if len(served) == 0 && observed >= a.blue.record.Given.Generation {
		return nil
	}
	return a.finish(ctx, rollout{changes: served, declared: a.blue.record.Given})
}

// deadline is when the rollout has failed: the earliest of what its changes ask for. There is none where nobody waits,
// and for what takes no time.
func (r rollout) deadline() (time.Time, bool) {
	if len(r.changes) == 0 || r.decision.Impact == orbit.ImpactNone && r.served != nil {
		return time.Time{}, false
	}
	earliest := r.changes[0].Deadline
	for _, c := range r.changes[1:] {
		if c.Deadline.Before(earliest) {
			earliest = c.Deadline
		}
	}
	return earliest, true
}

func (r rollout) changeIDs() []string {
	ids := make([]string, len(r.changes))
	for i, c := range r.changes {
		ids[i] = c.ID
	}
	return ids
}

// carryOut takes the rollout's step and records its end: the changes are applied, or they are put back.
func (a *actor) carryOut(ctx context.Context, r rollout) error {
	if r.decision.Impact != orbit.ImpactNone || a.blue == nil {
		a.setRolling(true)
		defer a.setRolling(false)
	}
	start := time.Now()
	bounded, done := a.interruptible(ctx)
	defer done()
	if deadline, limited := r.deadline(); limited {
		var cancel context.CancelFunc
		bounded, cancel = context.WithDeadline(bounded, deadline)
		defer cancel()
	}
	// A deletion from here on interrupts; one from before is seen now.
	if instance, err := a.Store.Instance(ctx, a.workspace); err != nil || instance.Deleting {
		a.wake()
		return err
	}
	err := a.vet(bounded, r)
	if lacksSibling(err) && a.awaitSibling(bounded) {
		a.wake()
		return nil // to look at all of it
	}
	if r.refused = err != nil; !r.refused {
		if r, err = a.storeAway(ctx, r); err != nil {
			return err
		}
		err = a.step(r)(bounded, r)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("orbitd is ending: %w", ctx.Err()) // the next one carries on
	}
	if errors.Is(context.Cause(bounded), errDeleted) {
		a.wake()
		return nil
	}
	switch {
	case store.Unavailable(err):
		return err // nobody's change is to blame; it is tried again
	case errors.Is(err, errBlueEnded):
		a.wake() // the next look boots what is declared
		return nil
	}
	if err != nil {
		if err := a.dropUnserved(ctx); err != nil {
			a.logger.WarnContext(ctx, "what the rollout left in the database is not dropped yet", "rollout", r.id, "error", err)
		}
		return a.putBack(ctx, r, err)
	}
	a.failures, a.retryAt = 0, time.Time{}
	if a.take > 0 {
		a.take = 0
		a.wake() // for the changes that this rollout left out
	}
	if err := a.finish(ctx, r); err != nil {
		return err
	}
	if r.decision.Impact != orbit.ImpactNone || len(r.changes) > 0 {
		a.logger.InfoContext(ctx, "rolled out", "rollout", r.id, "generation", r.declared.Generation,
			"impact", r.impact(), "changes", len(r.changes), "duration", time.Since(start))
	}
	return nil
}

// impact is what the rollout costs, in a word for people and logs.
func (r rollout) impact() string {
	if r.decision.Impact == "" {
		return "boot"
	}
	return string(r.decision.Impact)
}

// finish records that what is declared is what runs.
func (a *actor) finish(ctx context.Context, r rollout) error {
	err := a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error {
		for _, c := range r.changes {
			if err := tx.FinishChange(ctx, c.ID); err != nil {
				return err
			}
		}
		if err := tx.SetObserved(ctx, r.declared.Generation); err != nil {
			return err
		}
		return tx.PruneSecrets(ctx)
	})
	if err != nil {
		return err
	}
	a.tellFates()
	return nil
}

// tellFates wakes those who wait for a change. The rollout is over for them, so it is for all readers.
func (a *actor) tellFates() {
	a.setRolling(false)
	a.fates.send()
}

// doing tells what is done now to those who wait for the change, and to visitors where nothing serves them. The text is
// the same for every workspace: visitors are not to learn more.
func (a *actor) doing(ctx context.Context, r rollout, text string) {
	a.Gateway.Tell(a.workspace, text)
	a.progress(ctx, r, text)
}

func (a *actor) progress(ctx context.Context, r rollout, text string) {
	if len(r.changes) == 0 {
		return
	}
	if err := a.Store.SetProgress(ctx, r.changeIDs(), r.id, printable(text)); err != nil {
		a.logger.WarnContext(ctx, "progress lost", "rollout", r.id, "error", err)
	}
}

package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// obeyPolicy decides what lies between what is served and what is declared. Where that is a restart that the instance's
// policy does not roll out, the rollout leads only as far as the running process can go; what is left stays stored. An
// instance that has to start for another reason starts with what it had, so that nothing comes by surprise at night.
func (r rollout) obeyPolicy() (rollout, error) {
	decision, err := decide(*r.served, r.declared)
	if err != nil {
		return r, err
	}
	if r.declared.Spec.RestartPolicy.Automatic() || r.restartAsked() || !decision.Impact.Interrupts() {
		r.decision = decision
		return r, nil
	}
	whole := r.declared
	if r.declared, err = r.served.LivePart(whole); err != nil {
		return r, err
	}
	left, err := decide(r.declared, whole)
	if err != nil {
		return r, err
	}
	r.waiting = orbit.ImpactRestart
	for _, reason := range left.Reasons {
		if reason.Impact == orbit.ImpactLive { // with a secret that changed
			r.waiting = orbit.ImpactLive
		}
	}
	r.decision, err = decide(*r.served, r.declared)
	return r, err
}

// storeAway ends the changes that wait for a restart, before the others are carried out: what becomes of those says
// nothing of these.
func (a *actor) storeAway(ctx context.Context, r rollout) (rollout, error) {
	var stored, others []store.Change
	for _, c := range r.changes {
		if r.waiting != "" && !r.waiting.Exceeds(c.Impact) {
			stored = append(stored, c)
		} else {
			others = append(others, c)
		}
	}
	if len(stored) == 0 {
		return r, nil
	}
	err := a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error {
		for _, c := range stored {
			if err := tx.StoreChange(ctx, c.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	r.changes = others
	a.fates.send()
	a.event(ctx, "Normal", "RestartPending", fmt.Sprintf("generation %d is stored; what costs a restart waits for one, as restart_policy is %s",
		stored[len(stored)-1].Generation, r.declared.Spec.RestartPolicy), r.id)
	return r, nil
}

// restartAsked says whether a restart is among the changes.
func (r rollout) restartAsked() bool { return slices.ContainsFunc(r.changes, asksRestart) }

func asksRestart(c store.Change) bool { return c.Operation == orbit.OperationRestart }

// PendingRestart returns why what is declared waits for a restart of what is served; nothing when it does not.
func PendingRestart(served, declared store.Given) ([]orbit.Reason, error) {
	decision, err := decide(served, declared)
	if err != nil || !decision.Impact.Interrupts() {
		return nil, err
	}
	return decision.Reasons, nil
}

func decide(served, declared store.Given) (changeplan.Decision, error) {
	before, err := served.State()
	if err != nil {
		return changeplan.Decision{}, err
	}
	after, err := declared.State()
	if err != nil {
		return changeplan.Decision{}, err
	}
	return changeplan.Decide(before, after), nil
}

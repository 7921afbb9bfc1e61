package rollout

import (
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
	r.stored = true
	if r.declared, err = r.served.LivePart(r.declared); err != nil {
		return r, err
	}
	r.decision, err = decide(*r.served, r.declared)
	return r, err
}

// restartAsked says whether a restart is among the changes.
func (r rollout) restartAsked() bool {
	return slices.ContainsFunc(r.changes, func(c store.Change) bool { return c.Operation == orbit.OperationRestart })
}

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

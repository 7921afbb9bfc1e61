package admission

import (
	"context"
	"errors"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// cost says what a write costs. That is what lies between what was declared and what is now, except where restarts wait
// because of a policy. A write that brings a policy that rolls them out costs what lies between the running process and
// what is declared, and so does one that takes back what waits: it costs no restart.
func cost(served *store.Given, policyBefore, policy orbit.RestartPolicy, before, after changeplan.State) (changeplan.Decision, error) {
	own := changeplan.Decide(before, after)
	if served == nil || policyBefore.Automatic() {
		return own, nil
	}
	running, err := served.State()
	if err != nil {
		return changeplan.Decision{}, err
	}
	if d := changeplan.Decide(running, after); policy.Automatic() || !d.Impact.Interrupts() {
		return d, nil
	}
	return own, nil
}

// forbidden are the reasons for which an instance's policy refuses a change: each is an error of its own.
func forbidden(policy orbit.RestartPolicy, d changeplan.Decision) []orbit.Diagnostic {
	if policy != orbit.RestartForbid {
		return nil
	}
	var found []orbit.Diagnostic
	for _, reason := range d.Reasons {
		if reason.Impact.Interrupts() {
			found = append(found, orbit.Diagnostic{
				Code: orbit.CodeRestartForbidden, Severity: orbit.SeverityError, Path: reason.Path,
				Message: reason.Because + "; that costs " + article(reason.Impact) + " " + string(reason.Impact) +
					", and the instance's restart_policy is forbid",
			})
		}
	}
	return found
}

// withinPolicy refuses a change that the instance's policy forbids.
func withinPolicy(workspace string, policy orbit.RestartPolicy, d changeplan.Decision) error {
	found := forbidden(policy, d)
	if len(found) == 0 {
		return nil
	}
	return &orbit.Problem{
		Code: orbit.CodeRestartForbidden, Title: "Instance " + workspace + " may not restart now",
		Detail: found[0].String() + "; nothing was touched. Set restart_policy to auto, or to manual to store the change " +
			"for a later restart, apply that, then this",
		Diagnostics: found, Reasons: d.Reasons,
	}
}

// Restart asks for a restart of the instance, with what is stored and waits for one, whatever its policy.
func (a *Admission) Restart(ctx context.Context, workspace, idempotencyKey string, ask orbit.RestartRequest) (orbit.Change, error) {
	r := request{
		Precondition: Precondition{IdempotencyKey: idempotencyKey},
		WriteOptions: orbit.WriteOptions{DeadlineSeconds: ask.DeadlineSeconds}, hash: requestHash(workspace, "restart", ask),
	}
	return a.accept(ctx, workspace, r, func(tx *store.Tx) (store.Change, error) {
		current, err := tx.Instance(ctx, workspace)
		if err != nil {
			return store.Change{}, err
		}
		if err := notDeleting(current); err != nil {
			return store.Change{}, err
		}
		after, err := state(ctx, tx, workspace)
		if err != nil {
			return store.Change{}, err
		}
		decision := changeplan.Decision{}
		if current.Served != nil {
			running, err := current.Served.State()
			if err != nil {
				return store.Change{}, err
			}
			decision = changeplan.Decide(running, after)
		}
		generation, err := tx.NextGeneration(ctx)
		if err != nil {
			return store.Change{}, err
		}
		change := newChange(workspace, "", orbit.OperationRestart, generation)
		change.Impact = orbit.MaxImpact(decision.Impact, orbit.ImpactRestart)
		change.Reasons = slices.Concat(decision.Reasons, []orbit.Reason{
			{Path: "instance", Impact: orbit.ImpactRestart, Because: "a restart was asked for"},
		})
		return change, nil
	})
}

// plannedPolicy is the policy that a planned write has to obey: an instance's own the one it declares, a plugin's the
// stored one. There is none where nothing runs yet.
func plannedPolicy(declared store.Given, request orbit.PlanRequest) orbit.RestartPolicy {
	if request.Instance != nil {
		return request.Instance.RestartPolicy
	}
	return declared.Spec.RestartPolicy
}

// servedBy is what the instance's process runs with, nil when there is no instance or it has not served yet.
func (a *Admission) servedBy(ctx context.Context, workspace string) (*store.Given, error) {
	instance, err := a.Store.Instance(ctx, workspace)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // nothing runs
	}
	return instance.Served, err
}

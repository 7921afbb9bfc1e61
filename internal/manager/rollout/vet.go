package rollout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Vetting says whether an instance can be as it is declared.
type Vetting interface {
	// Set returns what is wrong with the instance and everything that belongs to it, given in place of before.
	Set(ctx context.Context, workspace string, before, given store.Given) ([]orbit.Diagnostic, error)
	// Literals returns the values in its documents that are to be masked like secrets.
	Literals(given store.Given) []string
}

// Bounds of how long a rollout waits for its checks, which can need the registry: what is not known by then stops nothing.
const (
	vetBudget = time.Minute
	// downBudget is for an instance that has served and does not now.
	downBudget = 5 * time.Second
)

// vet checks the whole of what is declared before anything is touched. It is here and not where a change is accepted,
// because what one change of an apply lacks, a plugin for its module for example, may be in the next.
func (a *actor) vet(ctx context.Context, r rollout) error {
	if len(r.changes) == 0 || r.restartAsked() || r.decision.Impact == orbit.ImpactNone && r.waiting == "" {
		return nil // what was accepted earlier starts, whatever is thought of it by now
	}
	given := r.declared
	if r.waiting != "" { // what waits is not to fail on the night when it no longer does
		var err error
		if given, err = a.Store.Declared(ctx, a.workspace); err != nil {
			return err
		}
	}
	a.progress(ctx, r, "checking plugins and app-config")
	budget := vetBudget
	var before store.Given
	if r.served != nil {
		before = *r.served
		if a.blue == nil {
			budget = downBudget
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, budget, fmt.Errorf("it took longer than the %s that a rollout waits", budget))
	defer cancel()
	found, err := a.Vetting.Set(ctx, a.workspace, before, given)
	if err != nil {
		return err
	}
	if a.take > 0 { // the plugin of a module may be in the half that is not tried now; as a whole they passed
		found = slices.DeleteFunc(found, func(d orbit.Diagnostic) bool { return d.Code == orbit.CodeModuleWithoutPlugin })
	}
	return refusal(found)
}

// refusal is what is wrong as one problem, the first error's; nil where nothing stops the rollout.
func refusal(found []orbit.Diagnostic) error {
	var p *orbit.Problem
	var details []string
	for _, d := range found {
		if d.Severity != orbit.SeverityError {
			continue
		}
		if p == nil {
			p = &orbit.Problem{Code: d.Code, Title: "The instance cannot be as declared", Plugin: d.Plugin, Diagnostics: found}
		}
		details = append(details, d.String())
	}
	if p == nil {
		return nil
	}
	p.Detail = strings.Join(details, "\n")
	return p
}

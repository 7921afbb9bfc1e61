package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vetting"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// state is what is declared about a workspace, as changeplan compares it.
func state(ctx context.Context, tx *store.Tx, workspace string) (changeplan.State, error) {
	declared, err := tx.Declared(ctx, workspace)
	if err != nil {
		return changeplan.State{}, err
	}
	return declared.State()
}

// decided reads what would be declared, in the transaction that declares it, and says what the change costs. It refuses
// a set whose parts do not fit together, a change that the instance's restart policy forbids, and one that costs more
// than its writer was told.
func (a *Admission) decided(ctx context.Context, tx *store.Tx, change store.Change, before store.Given, limit orbit.Impact) (store.Change, error) {
	old, err := before.State()
	if err != nil {
		return store.Change{}, err
	}
	declared, err := tx.Declared(ctx, change.Workspace)
	if err != nil {
		return store.Change{}, err
	}
	after, err := declared.State()
	if err != nil {
		return store.Change{}, err
	}
	if err := refuse("instance "+change.Workspace, vetting.Fit(change.Workspace, declared, after)); err != nil {
		return store.Change{}, err
	}
	instance, err := tx.Instance(ctx, change.Workspace)
	if err != nil {
		return store.Change{}, err
	}
	decision, err := cost(instance.Served, before.Spec.RestartPolicy, declared.Spec.RestartPolicy, old, after)
	if err != nil {
		return store.Change{}, err
	}
	if err := withinPolicy(change.Workspace, declared.Spec.RestartPolicy, decision); err != nil {
		return store.Change{}, err
	}
	change.Impact, change.Reasons = decision.Impact, decision.Reasons
	return change, withinImpact(change, limit)
}

// checkInstance checks what an instance declares by itself.
func checkInstance(workspace string, spec orbit.InstanceSpec) []orbit.Diagnostic {
	diagnostics := declare.Instance(workspace, spec, nil)
	if _, carried := backstage.Find(spec.Release); !carried {
		known := make([]string, 0, 1)
		for _, r := range backstage.Releases() {
			known = append(known, r.Version)
		}
		diagnostics = append(diagnostics, orbit.Diagnostic{
			Code: orbit.CodeUnknownRelease, Severity: orbit.SeverityError, Path: "release",
			Message: fmt.Sprintf("this orbitd does not carry Backstage %q; it has %s", spec.Release, strings.Join(known, ", ")),
		})
	}
	return diagnostics
}

// checkRegistry asks the registry about those of the plugins that the workspace does not have in that version yet. An
// error among the findings refuses the write; the others are the change's warnings.
func (a *Admission) checkRegistry(ctx context.Context, workspace, release string, plugins map[string]string) ([]orbit.Diagnostic, error) {
	unchecked := maps.Clone(plugins)
	declared, err := a.Store.Declared(ctx, workspace)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if declared.Spec.Release == release {
		for _, known := range []map[string]string{declared.Packages(), declared.FrontendPackages()} {
			maps.DeleteFunc(unchecked, func(name, version string) bool { return known[name] == version })
		}
	}
	if len(unchecked) == 0 {
		return nil, nil
	}
	diagnostics := a.Vetting.Alone(ctx, release, unchecked)
	return diagnostics, refuse("the plugins of instance "+workspace, diagnostics)
}

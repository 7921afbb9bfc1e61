package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Plan tells what a write would cost now and what is wrong with it, and changes nothing; but what it resolves a version
// range to it keeps, so that the write gets the same. Where the set of plugins and keys is not the one resource's own, what
// is missing may still be coming in the same run, so it is a warning.
func (a *Admission) Plan(ctx context.Context, workspace string, request orbit.PlanRequest) (orbit.PlanResult, error) {
	defer a.Planning(workspace)()
	declared, err := a.Store.Declared(ctx, workspace)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return orbit.PlanResult{}, err
	}
	before, err := declared.State()
	if err != nil {
		return orbit.PlanResult{}, err
	}
	request, after, diagnostics, err := a.planned(ctx, workspace, declared, request)
	if err != nil {
		return orbit.PlanResult{}, err
	}
	result := orbit.PlanResult{
		Diagnostics: diagnostics, Reasons: []orbit.Reason{}, Impact: orbit.ImpactNone, ResolvedVersions: exactVersions(requested(request)),
	}
	if result.Diagnostics == nil {
		result.Diagnostics = []orbit.Diagnostic{}
	}
	if orbit.HasErrors(diagnostics) {
		return result, nil
	}
	served, err := a.servedBy(ctx, workspace)
	if err != nil {
		return orbit.PlanResult{}, err
	}
	policy := plannedPolicy(declared, request)
	decision, err := cost(served, declared.Spec.RestartPolicy, policy, before, after)
	if err != nil {
		return orbit.PlanResult{}, err
	}
	result.Diagnostics = append(result.Diagnostics, forbidden(policy, decision)...)
	result.Impact = decision.Impact
	result.PendingRestart = policy == orbit.RestartManual && decision.Impact.Interrupts()
	result.Reasons = append(result.Reasons, decision.Reasons...)
	return result, nil
}

// planned applies the request to a copy of what is declared. It returns the request with what its version ranges mean.
func (a *Admission) planned(ctx context.Context, workspace string, declared store.Given, request orbit.PlanRequest,
) (orbit.PlanRequest, changeplan.State, []orbit.Diagnostic, error) {
	found, err := checkAlone(workspace, request)
	if err == nil && request.Instance != nil && !orbit.HasErrors(found) {
		found, err = a.checkHost(ctx, a.Store, workspace, *request.Instance)
	}
	if err != nil || orbit.HasErrors(found) {
		return orbit.PlanRequest{}, changeplan.State{}, found, err
	}
	request, unresolved, err := a.resolveRequest(ctx, workspace, request)
	if err != nil {
		return request, changeplan.State{}, nil, err
	}
	found = append(found, unresolved...)
	after := declared
	after.Plugins, after.PluginSecrets = maps.Clone(declared.Plugins), maps.Clone(declared.PluginSecrets)
	switch {
	case request.Instance != nil:
		after.Spec = *request.Instance
		// Without names the stored secrets stay.
		if request.SecretNames != nil {
			moved := request.Instance.SecretsVersion != declared.Spec.SecretsVersion
			after.SecretRevisions = plannedSecrets(declared, declared.SecretRevisions, moved, request.SecretNames)
		}
	case request.Plugin != nil:
		if after.Plugins == nil {
			after.Plugins = map[string]orbit.PluginSpec{}
		}
		after.Plugins[request.Plugin.Package] = request.Plugin.PluginSpec
		if request.SecretNames != nil {
			planPluginSecrets(&after, declared, *request.Plugin, request.SecretNames)
		}
	case request.DeletePlugin != "":
		delete(after.Plugins, request.DeletePlugin)
		delete(after.PluginSecrets, request.DeletePlugin)
	}
	state, err := after.State()
	if err != nil {
		return request, state, nil, err
	}
	checked, err := a.checkPlanned(ctx, workspace, declared, after, request)
	return request, state, append(found, checked...), err
}

// checkPlanned asks about the planned packages, and how they and the documents fit together.
func (a *Admission) checkPlanned(ctx context.Context, workspace string, declared, after store.Given, request orbit.PlanRequest) ([]orbit.Diagnostic, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, planBudget, fmt.Errorf("it took longer than the %s that a plan waits", planBudget))
	defer cancel()
	release, plugins := after.Spec.Release, exactVersions(requested(request))
	if release == "" && request.Plugin != nil {
		// The instance comes in the same run. Which release it will have is its own plan's to say.
		return a.Vetting.Alone(ctx, "", plugins), nil
	}
	checked, err := a.checkRegistry(ctx, workspace, release, plugins)
	var problem *orbit.Problem
	if errors.As(err, &problem) {
		return problem.Diagnostics, nil // the set is not to be had
	}
	if err != nil {
		return nil, err
	}
	set, err := a.plannedSet(ctx, workspace, declared, after, request)
	return append(checked, set...), err
}

// checkAlone checks what the request declares by itself.
func checkAlone(workspace string, request orbit.PlanRequest) ([]orbit.Diagnostic, error) {
	switch {
	case request.Instance != nil:
		return checkInstance(workspace, *request.Instance), nil
	case request.Plugin != nil:
		return declare.Plugin(request.Plugin.Package, request.Plugin.PluginSpec, nil), nil
	case request.DeletePlugin != "":
		return nil, nil
	default:
		return nil, &orbit.Problem{
			Code: orbit.CodeInvalidRequest, Title: "Nothing to plan",
			Detail: "the request has none of instance, plugin and delete_plugin",
		}
	}
}

// resolveRequest is the request with the exact versions of its plugins, as far as they can be told now.
func (a *Admission) resolveRequest(ctx context.Context, workspace string, request orbit.PlanRequest) (orbit.PlanRequest, []orbit.Diagnostic, error) {
	resolved, found, err := a.resolve(ctx, workspace, requested(request))
	if err != nil {
		return request, nil, err
	}
	switch {
	case request.Instance != nil:
		spec := *request.Instance
		spec.Plugins = resolved
		request.Instance = &spec
	case request.Plugin != nil:
		plugin := *request.Plugin
		plugin.PluginSpec = resolved[plugin.Package]
		request.Plugin = &plugin
	}
	return request, found, nil
}

// planBudget bounds how long a plan waits for the registry. What is not known by then is checked at apply.
const planBudget = 25 * time.Second

// plannedSet checks how the parts fit together.
func (a *Admission) plannedSet(ctx context.Context, workspace string, declared, after store.Given, request orbit.PlanRequest) ([]orbit.Diagnostic, error) {
	found, err := a.Vetting.Set(ctx, workspace, declared, after)
	found = slices.DeleteFunc(found, func(d orbit.Diagnostic) bool { return told(d, request) })
	for i := range found {
		if !own(found[i], request) {
			found[i].Severity = orbit.SeverityWarning
		}
	}
	return found, err
}

// told says whether a finding is one that the instance's own plan tells, once for all: its plugins' plans would repeat
// what each of them can do nothing about.
func told(d orbit.Diagnostic, request orbit.PlanRequest) bool {
	return d.Code == orbit.CodeGuestSignIn && d.Severity == orbit.SeverityWarning && request.Instance == nil && !own(d, request)
}

// own says whether a finding about the set is about what the request declares, whatever else the same run brings.
func own(d orbit.Diagnostic, request orbit.PlanRequest) bool {
	switch {
	case request.Instance != nil:
		_, its := request.Instance.Plugins[d.Plugin]
		return its || d.Plugin == ""
	case request.Plugin != nil && d.Plugin == request.Plugin.Package:
		return alone[d.Code]
	default:
		return false
	}
}

// alone are the findings about a document that nothing beside it can mend.
var alone = map[orbit.Code]bool{
	orbit.CodeWrongType: true, orbit.CodeInvalidValue: true, orbit.CodeLiteralSecret: true,
	orbit.CodeGuestSignIn: true, orbit.CodeCallbackURL: true,
}

// requested are the plugins that the request declares.
func requested(request orbit.PlanRequest) map[string]orbit.PluginSpec {
	switch {
	case request.Instance != nil:
		return request.Instance.Plugins
	case request.Plugin != nil:
		return map[string]orbit.PluginSpec{request.Plugin.Package: request.Plugin.PluginSpec}
	default:
		return nil
	}
}

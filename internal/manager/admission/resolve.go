package admission

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// parallelChoices bounds the questions about ranges that one write asks the registry at once.
const parallelChoices = 4

// unresolved are the plugins as their writer declares them: which exact version a range means is not a client's to say.
func unresolved(plugins map[string]orbit.PluginSpec) map[string]orbit.PluginSpec {
	declared := maps.Clone(plugins)
	for name, spec := range declared {
		spec.ResolvedVersion, spec.Frontend = "", false
		declared[name] = spec
	}
	return declared
}

// resolve gives the plugins whose version is a range the exact version that the range means in the workspace: the one
// that was chosen at first, and else what the registry chooses now, which is kept; and it finds out which are a part of the
// web app. The findings say where the first failed; those plugins stay as they are. Malformed versions are not its matter.
func (a *Admission) resolve(ctx context.Context, workspace string, plugins map[string]orbit.PluginSpec) (map[string]orbit.PluginSpec, []orbit.Diagnostic, error) {
	declared := unresolved(plugins)
	resolved := maps.Clone(declared)
	var (
		mu      sync.Mutex
		found   = map[string]orbit.Diagnostic{}
		choices errgroup.Group
	)
	choices.SetLimit(parallelChoices)
	for name, spec := range declared {
		choices.Go(func() error {
			var err error
			if declare.IsRange(spec.Version) {
				spec.ResolvedVersion, err = a.exact(ctx, workspace, name, spec.Version)
			}
			if err == nil {
				spec.Frontend = a.Registry.Frontend(ctx, name, spec.Exact())
			}
			mu.Lock()
			defer mu.Unlock()
			var problem *orbit.Problem
			if errors.As(err, &problem) {
				found[name] = unresolvedFinding(name, problem)
				return nil
			}
			resolved[name] = spec
			return err
		})
	}
	if err := choices.Wait(); err != nil {
		return nil, nil, err
	}
	var findings []orbit.Diagnostic
	for _, name := range slices.Sorted(maps.Keys(found)) {
		findings = append(findings, found[name])
	}
	return resolved, findings, nil
}

// exact is the version that a range means in the workspace. An *orbit.Problem says why there is none.
func (a *Admission) exact(ctx context.Context, workspace, name, versionRange string) (string, error) {
	version, err := a.Store.Resolution(ctx, workspace, name, versionRange)
	if !errors.Is(err, store.ErrNotFound) {
		return version, err
	}
	// A version that only this answer has is kept before anybody is told: whoever chose first has the say.
	version, err = a.Registry.Choose(ctx, name, versionRange)
	if err != nil {
		return "", err
	}
	return a.Store.KeepResolution(ctx, workspace, name, versionRange, version)
}

// unresolvedFinding says that a range has no version. Where the registry did not answer that is no fault of the plugin, and
// a plan may go on without.
func unresolvedFinding(name string, problem *orbit.Problem) orbit.Diagnostic {
	finding := orbit.Diagnostic{Code: problem.Code, Severity: orbit.SeverityError, Plugin: name, Message: problem.Detail}
	switch problem.Code {
	case orbit.CodeVersionNotFound, orbit.CodeInvalidVersion:
		finding.Path = "version"
	case orbit.CodeUnchecked:
		finding.Path, finding.Severity = "version", orbit.SeverityWarning
	}
	return finding
}

// resolveAll is resolve for a write, which cannot go on without the version of a plugin.
func (a *Admission) resolveAll(ctx context.Context, workspace string, plugins map[string]orbit.PluginSpec) (map[string]orbit.PluginSpec, error) {
	resolved, found, err := a.resolve(ctx, workspace, plugins)
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Severity = orbit.SeverityError
	}
	return resolved, refuse("the plugins of instance "+workspace, found)
}

// exactVersions are the plugins' versions by package, without those that are not known yet.
func exactVersions(plugins map[string]orbit.PluginSpec) map[string]string {
	versions := make(map[string]string, len(plugins))
	for name, spec := range plugins {
		if !declare.IsRange(spec.Exact()) {
			versions[name] = spec.Exact()
		}
	}
	return versions
}

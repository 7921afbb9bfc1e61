package registry

import (
	"context"
	"errors"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// checkResolved resolves the set, which nothing else speaks against, and checks what it is made of.
func (r *Registry) checkResolved(ctx context.Context, release bundle.Release, all, added []bundle.Plugin) []orbit.Diagnostic {
	resolving, cancel := context.WithTimeoutCause(ctx, 2*r.Patience, errSilent)
	defer cancel()
	lock, err := r.Bundles.Resolve(resolving, release, all)
	if err != nil {
		return []orbit.Diagnostic{unresolved(err, added)}
	}
	auditing, cancel := context.WithTimeoutCause(ctx, r.Patience/2, errSilent)
	defer cancel()
	return append(secondMajors(lock, added), r.vulnerable(auditing, lock, added)...)
}

// unresolved is the finding that a set is which was not resolved. It names no plugin where it may be any of several.
func unresolved(err error, added []bundle.Plugin) orbit.Diagnostic {
	var found *bundle.Error
	if !errors.As(err, &found) {
		found = &bundle.Error{Code: orbit.CodeInstallFailed, Detail: err.Error()}
	}
	plugin := bundle.Plugin{Package: found.Plugin}
	if plugin.Package == "" && len(added) == 1 {
		plugin = added[0]
	}
	if found.Code == orbit.CodeInstallFailed { // it says nothing about the set
		return doubt(plugin, orbit.CodeUnchecked,
			"whether the plugins go together could not be checked: "+npm.WithoutCredentials(found.Detail))
	}
	return problem(plugin, found.Code, found.Detail)
}

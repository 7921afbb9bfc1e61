package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Frontend says whether the package is a part of a web app. Where the registry does not tell, it is not.
func (r *Registry) Frontend(ctx context.Context, plugin bundle.Plugin) bool {
	_, name, scoped := strings.Cut(plugin.Package, "/")
	if !scoped {
		name = plugin.Package
	}
	if strings.Contains(name, "backend") { // by Backstage's rule for names; nobody has to be asked
		return false
	}
	if plugin.Validate() != nil || r.Policy.Check(plugin.Package, plugin.Version) != nil {
		return false
	}
	known, ok := r.known(plugin) // however old: what a version is never changes
	if !ok {
		ctx, cancel := context.WithTimeoutCause(ctx, r.Patience/2, errSilent)
		defer cancel()
		var err error
		if known, err = r.record(ctx, plugin); err != nil {
			return false
		}
	}
	return isFrontend(known.Manifest.Backstage.Role)
}

func isFrontend(role string) bool {
	return role == npm.RoleFrontendPlugin || role == npm.RoleFrontendModule
}

// CheckFrontend finds what is wrong with the frontend plugins of an instance together; release is that of the web app.
// Of what is no error, it says what is about plugins in added alone.
func (r *Registry) CheckFrontend(ctx context.Context, release bundle.Release, all, added []bundle.Plugin) []orbit.Diagnostic {
	if len(added) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*r.Patience, errSilent)
	defer cancel()
	if _, err := r.Bundles.Resolve(ctx, release, all); err != nil {
		return []orbit.Diagnostic{unresolved(err, added)}
	}
	return nil
}

// checkFrontendEntry finds a frontend package without a feature for the app, which takes those of the new frontend system.
// It is certain of that or says nothing.
func checkFrontendEntry(plugin bundle.Plugin, m npm.Manifest) []orbit.Diagnostic {
	var features []string
	for _, entry := range []string{".", "./alpha"} {
		features = append(features, m.Backstage.Features[entry])
	}
	switch {
	case slices.Contains(features, npm.FrontendPlugin), slices.Contains(features, npm.FrontendModule):
		return nil
	case len(m.Backstage.Features) > 0:
		return []orbit.Diagnostic{problem(plugin, orbit.CodeLegacyFrontend, "this version is made for Backstage's old frontend "+
			"system only: it exports no plugin for the new one, so that the web app would not show it; use another version")}
	case strings.Contains(string(m.Exports), `"./alpha"`):
		return nil
	default:
		return []orbit.Diagnostic{doubt(plugin, orbit.CodeUnchecked, "this package does not say whether it has a plugin for "+
			"Backstage's new frontend system: if it has none, it is built in and nothing of it is seen")}
	}
}

// checkFrontend is checkAlone for a package that is a part of the web app.
func (r *Registry) checkFrontend(plugin bundle.Plugin, m npm.Manifest) []orbit.Diagnostic {
	found := checkFrontendEntry(plugin, m)
	if m.Deprecated != "" {
		found = append(found, doubt(plugin, orbit.CodeDeprecated, fmt.Sprintf("its authors deprecated this version: %s", oneLine(m.Deprecated))))
	}
	return found
}

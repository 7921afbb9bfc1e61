package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Frontend says whether the package is a part of a web app. Where the registry does not tell, it is not.
func (r *Registry) Frontend(ctx context.Context, plugin bundle.Plugin) bool {
	if declare.OfBackend(plugin.Package) { // nobody has to be asked
		return false
	}
	if plugin.Validate() != nil || r.Policy.Check(plugin.Package, plugin.Version) != nil {
		return false
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.Patience/2, errSilent)
	defer cancel()
	known, err := r.everKnown(ctx, plugin)
	return err == nil && isFrontend(known.Manifest.Backstage.Role)
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

// WithoutBackend finds the frontend plugins whose own backend neither the release nor the instance has.
func (r *Registry) WithoutBackend(ctx context.Context, release bundle.Release, backend map[string]string, plugins []bundle.Plugin) []orbit.Diagnostic {
	members, _ := r.members(ctx, release, plugins)
	own := release.Dependencies()
	var found []orbit.Diagnostic
	for _, one := range members {
		belongs := slices.DeleteFunc(slices.Clone(one.PluginPackages), func(name string) bool {
			return !strings.HasSuffix(name, "-backend") || bundle.Plugin{Package: name, Version: "0.0.0"}.Validate() != nil
		})
		if len(belongs) == 0 || slices.ContainsFunc(belongs, func(name string) bool { return own[name] != "" || backend[name] != "" }) {
			continue
		}
		found = append(found, doubt(one.Plugin, orbit.CodeWithoutBackend, fmt.Sprintf(
			"its backend, %s, is neither in the release nor among the instance's plugins: what it shows may be errors alone", belongs[0])))
	}
	return found
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

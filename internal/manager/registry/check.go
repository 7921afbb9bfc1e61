package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// parallelChecks bounds the npm processes of one check.
const parallelChecks = 4

// Check finds what is wrong with the plugins of a set without installing anything: names and versions that are
// malformed or that the registry does not have, packages that a backend cannot load, and packages that the release
// contains already. What could not be found out is a warning with code unchecked. The answer has the order of plugins.
func (r *Registry) Check(ctx context.Context, release bundle.Release, plugins []bundle.Plugin) []orbit.Diagnostic {
	contained := release.Dependencies()
	found := make([]*orbit.Diagnostic, len(plugins))
	var checks errgroup.Group
	checks.SetLimit(parallelChecks)
	for i, plugin := range plugins {
		if version, ok := contained[plugin.Package]; ok {
			found[i] = problem(plugin, orbit.CodeInRelease, fmt.Sprintf(
				"release %s already contains this package, in version %s: remove the plugin and configure it in the "+
					"instance's config", release.Version, version))
			continue
		}
		checks.Go(func() error {
			found[i] = r.checkOne(ctx, plugin)
			return nil
		})
	}
	_ = checks.Wait() // no check gives an error
	var diagnostics []orbit.Diagnostic
	for _, diagnostic := range found {
		if diagnostic != nil {
			diagnostics = append(diagnostics, *diagnostic)
		}
	}
	return diagnostics
}

func (r *Registry) checkOne(ctx context.Context, plugin bundle.Plugin) *orbit.Diagnostic {
	metadata, err := r.Inspect(ctx, plugin.Package, plugin.Version)
	if err == nil {
		return checkRole(metadata, plugin)
	}
	detail := err.Error()
	if known := (*bundle.Error)(nil); errors.As(err, &known) {
		if known.Code != orbit.CodeUnchecked {
			return problem(plugin, known.Code, known.Detail)
		}
		detail = known.Detail
	}
	return doubt(plugin, "whether this package exists and is a backend plugin could not be checked: "+detail)
}

// checkRole says whether a backend can load a package with this metadata.
func checkRole(m Metadata, plugin bundle.Plugin) *orbit.Diagnostic {
	switch m.Role {
	case npm.RoleBackendPlugin, npm.RoleBackendModule:
		return nil
	case "":
		return doubt(plugin, "this package does not say what it is to Backstage (backstage.role in its package.json): "+
			"whether it is a backend plugin shows when it is loaded")
	}
	message := fmt.Sprintf("this is a package of role %s, and only backend-plugin and backend-plugin-module can be "+
		"added to a backend", m.Role)
	if backends := backends(m); len(backends) > 0 {
		message += "; its backend is " + strings.Join(backends, " or ")
	}
	return problem(plugin, orbit.CodeWrongRole, message)
}

// backends returns the packages of the same plugin that are backends, going by Backstage's rule for their names.
func backends(m Metadata) []string {
	return slices.DeleteFunc(slices.Clone(m.PluginPackages), func(name string) bool {
		return !strings.HasSuffix(name, "-backend")
	})
}

func problem(plugin bundle.Plugin, code orbit.Code, message string) *orbit.Diagnostic {
	return &orbit.Diagnostic{Code: code, Severity: orbit.SeverityError, Plugin: plugin.Package, Message: message}
}

func doubt(plugin bundle.Plugin, message string) *orbit.Diagnostic {
	return &orbit.Diagnostic{
		Code: orbit.CodeUnchecked, Severity: orbit.SeverityWarning, Plugin: plugin.Package, Message: message,
	}
}

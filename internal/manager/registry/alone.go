package registry

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// CheckAlone finds what is wrong with each plugin by itself, without installing anything: names and versions that are
// malformed, not allowed here or not in the registry, packages that the release contains already or that a backend
// cannot load, and what their authors say against using them. What could not be found out is a warning with code
// unchecked. The findings have the order of plugins.
func (r *Registry) CheckAlone(ctx context.Context, release bundle.Release, plugins []bundle.Plugin) []orbit.Diagnostic {
	ctx, cancel := context.WithTimeoutCause(ctx, r.Patience, errSilent)
	defer cancel()
	found := make([][]orbit.Diagnostic, len(plugins))
	var checks errgroup.Group
	checks.SetLimit(2 * parallelQuestions)
	for i, plugin := range plugins {
		checks.Go(func() error {
			found[i] = r.checkAlone(ctx, release, plugin)
			return nil
		})
	}
	_ = checks.Wait() // no check gives an error
	return flatten(found)
}

func (r *Registry) checkAlone(ctx context.Context, release bundle.Release, plugin bundle.Plugin) []orbit.Diagnostic {
	if err := r.refused(release, plugin); err != nil {
		return []orbit.Diagnostic{failed(plugin, err)}
	}
	known, err := r.record(ctx, plugin)
	if err != nil {
		return []orbit.Diagnostic{failed(plugin, err)}
	}
	m := known.Manifest
	switch m.Backstage.Role {
	case npm.RoleBackendPlugin, npm.RoleBackendModule, npm.RoleFrontendPlugin, npm.RoleFrontendModule, "":
	default:
		return []orbit.Diagnostic{r.wrongRole(ctx, release, plugin, m)}
	}
	if r.tooLarge(m) {
		return []orbit.Diagnostic{problem(plugin, orbit.CodePackageTooLarge, fmt.Sprintf(
			"this version takes up %d MiB unpacked, and this orbitd takes at most %d MiB: use another version, or ask its "+
				"operator for a larger --max-plugins-size",
			m.Dist.UnpackedSize>>20, r.MaxPackageSize>>20))}
	}
	if isFrontend(m.Backstage.Role) {
		return append(checkFrontendEntry(plugin, m), deprecated(plugin, m)...)
	}
	found := r.checkEntry(ctx, plugin, known)
	if m.Backstage.Role == "" && len(found) == 0 {
		found = append(found, doubt(plugin, orbit.CodeUnchecked, "this package does not say what it is to Backstage "+
			"(backstage.role in its package.json): whether it is a backend plugin shows when it is loaded"))
	}
	if node := release.Node(); !fits(m.Engines, node) {
		found = append(found, problem(plugin, orbit.CodeEngine, fmt.Sprintf(
			"this version wants Node.js %s, and release %s runs on %s: use another version%s",
			oneLine(m.Engines["node"]), release.Version, node, r.newest(ctx, plugin.Package))))
	}
	return append(found, deprecated(plugin, m)...)
}

// deprecated is what its authors say against using a version.
func deprecated(plugin bundle.Plugin, m npm.Manifest) []orbit.Diagnostic {
	if m.Deprecated == "" {
		return nil
	}
	said := "its authors deprecated this version: " + oneLine(m.Deprecated)
	if moved := m.Backstage.Moved; moved != "" && !strings.Contains(m.Deprecated, moved) {
		said += "; it has moved to " + oneLine(moved)
	}
	return []orbit.Diagnostic{doubt(plugin, orbit.CodeDeprecated, said)}
}

// refused finds what speaks against a plugin before the registry is asked.
func (r *Registry) refused(release bundle.Release, plugin bundle.Plugin) error {
	if err := plugin.Validate(); err != nil {
		return err
	}
	if version, contained := release.Dependencies()[plugin.Package]; contained {
		return &bundle.Error{Code: orbit.CodeInRelease, Plugin: plugin.Package, Detail: fmt.Sprintf(
			"release %s already contains this package, in version %s: remove the plugin and configure it in the "+
				"instance's config", release.Version, version)}
	}
	return r.Policy.Check(plugin.Package, plugin.Version)
}

func (r *Registry) tooLarge(m npm.Manifest) bool { return m.Dist.UnpackedSize > r.MaxPackageSize }

// maxWords bounds what is quoted of what a package says, in bytes.
const maxWords = 400

// oneLine is a package's text as it can stand in a message.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}

// failed is the finding that an error about a plugin is.
func failed(plugin bundle.Plugin, err error) orbit.Diagnostic {
	if code := codeOf(err); code != "" && code != orbit.CodeUnchecked {
		return problem(plugin, code, detailOf(err))
	}
	return doubt(plugin, orbit.CodeUnchecked,
		"whether this package exists and is a backend plugin could not be checked: "+npm.WithoutCredentials(detailOf(err)))
}

func problem(plugin bundle.Plugin, code orbit.Code, message string) orbit.Diagnostic {
	return orbit.Diagnostic{Code: code, Severity: orbit.SeverityError, Plugin: plugin.Package, Message: message}
}

func doubt(plugin bundle.Plugin, code orbit.Code, message string) orbit.Diagnostic {
	return orbit.Diagnostic{Code: code, Severity: orbit.SeverityWarning, Plugin: plugin.Package, Message: message}
}

func flatten(found [][]orbit.Diagnostic) []orbit.Diagnostic {
	var all []orbit.Diagnostic
	for _, some := range found {
		all = append(all, some...)
	}
	return all
}

package registry

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// CheckSet finds what is wrong with all plugins of an instance together: two of one id, modules without their plugin,
// and, where nothing speaks against the plugins by themselves, what shows when npm resolves the set. Of that, what is no
// error is said of the plugins in added alone, those of all that are new. What CheckAlone says is not said again.
func (r *Registry) CheckSet(ctx context.Context, release bundle.Release, all, added []bundle.Plugin) []orbit.Diagnostic {
	found, complete := r.checkMembers(ctx, release, all, added)
	if len(added) == 0 || !complete || orbit.HasErrors(found) || orbit.HasErrors(r.CheckAlone(ctx, release, added)) {
		return found
	}
	return append(found, r.checkResolved(ctx, release, all, added)...)
}

// checkMembers checks what the plugins say of themselves. complete says that something is known of each.
func (r *Registry) checkMembers(ctx context.Context, release bundle.Release, all, added []bundle.Plugin) (found []orbit.Diagnostic, complete bool) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.Patience/2, errSilent)
	defer cancel()
	members, complete := r.members(ctx, release, all)
	ids := r.releaseIDs(release)
	found = append(duplicates(members, ids, added), successors(members, ids)...)
	if complete {
		found = append(found, r.missingPlugins(ctx, members, ids)...)
	}
	return found, complete
}

// member is a plugin of a set and what the registry says of it.
type member struct {
	bundle.Plugin
	npm.Backstage
}

// members returns those of the plugins of which something is known, and whether these are all.
func (r *Registry) members(ctx context.Context, release bundle.Release, plugins []bundle.Plugin) (members []member, all bool) {
	found := make([]*member, len(plugins))
	var questions errgroup.Group
	questions.SetLimit(2 * parallelQuestions)
	for i, plugin := range plugins {
		if r.refused(release, plugin) != nil {
			continue
		}
		questions.Go(func() error {
			known, err := r.everKnown(ctx, plugin)
			if err != nil {
				return nil //nolint:nilerr // nothing is known of it
			}
			found[i] = &member{plugin, known.Manifest.Backstage}
			return nil
		})
	}
	_ = questions.Wait() // no question gives an error
	for _, one := range found {
		if one != nil {
			members = append(members, *one)
		}
	}
	return members, len(members) == len(plugins)
}

// everKnown is what is known of a version, however old: what a version is never changes. The registry is asked where
// nothing is.
func (r *Registry) everKnown(ctx context.Context, plugin bundle.Plugin) (record, error) {
	if known, ok := r.known(plugin); ok {
		return known, nil
	}
	return r.record(ctx, plugin)
}

// releaseIDs are the ids of the release's plugins by package; "" where that is not known. It is the installed packages
// that say so.
func (r *Registry) releaseIDs(release bundle.Release) map[string]string {
	if base, installed := r.Bundles.Installed(release, nil); installed {
		ids, err := base.PluginIDs()
		if err == nil {
			return ids
		}
		r.Logger.Warn("cannot tell which plugins a release has", "release", release.Version, "error", err)
	}
	ids := make(map[string]string)
	for name := range release.Dependencies() {
		ids[name] = ""
	}
	return ids
}

// duplicates finds the plugins whose id another plugin, or the release, has already. The blame is on what is added.
func duplicates(members []member, release map[string]string, added []bundle.Plugin) []orbit.Diagnostic {
	var found []orbit.Diagnostic
	for i, one := range members {
		if one.Role != npm.RoleBackendPlugin || one.PluginID == "" {
			continue
		}
		for name, id := range release {
			if id == one.PluginID {
				found = append(found, problem(one.Plugin, orbit.CodeDuplicatePluginID, fmt.Sprintf(
					"this is the plugin %q, which the release has already, from %s: remove it", id, name)))
			}
		}
		for _, other := range members[i+1:] {
			if other.Role != npm.RoleBackendPlugin || other.PluginID != one.PluginID || other.Package == one.Package {
				continue
			}
			blamed, known := other, one
			if slices.Contains(added, one.Plugin) && !slices.Contains(added, other.Plugin) {
				blamed, known = one, other
			}
			found = append(found, problem(blamed.Plugin, orbit.CodeDuplicatePluginID, fmt.Sprintf(
				"this is the plugin %q, and so is %s: keep one of the two", one.PluginID, known.Package)))
		}
	}
	return found
}

// successors finds the plugins that have moved to a package which is there too, and that do not tell their id, as
// packages of that age do not.
func successors(members []member, release map[string]string) []orbit.Diagnostic {
	var found []orbit.Diagnostic
	for _, one := range members {
		_, inRelease := release[one.Moved]
		among := slices.ContainsFunc(members, func(other member) bool { return other.Package == one.Moved })
		if one.Role != npm.RoleBackendPlugin || one.PluginID != "" || one.Moved == "" || !inRelease && !among {
			continue
		}
		found = append(found, problem(one.Plugin, orbit.CodeDuplicatePluginID, fmt.Sprintf(
			"this has moved to %s, which is there too: remove the old one", one.Moved)))
	}
	return found
}

// missingPlugins finds the modules whose plugin is neither in the set nor in the release.
func (r *Registry) missingPlugins(ctx context.Context, members []member, release map[string]string) []orbit.Diagnostic {
	packages, ids := make(map[string]bool), make(map[string]bool)
	for name, id := range release {
		packages[name], ids[id] = true, true
	}
	for _, one := range members {
		packages[one.Package] = true
		if one.Role == npm.RoleBackendPlugin || one.Role == "" {
			ids[one.PluginID] = true
		}
	}
	if ids[""] {
		ids = nil // one of them may be any plugin
	}
	var found []orbit.Diagnostic
	for _, one := range members {
		if one.Role != npm.RoleBackendModule || packages[one.PluginPackage] || one.PluginPackage == "" && one.PluginID == "" {
			continue
		}
		if ids == nil || ids[one.PluginID] {
			continue
		}
		found = append(found, problem(one.Plugin, orbit.CodeModuleWithoutPlugin, fmt.Sprintf(
			"this module extends the plugin %s, which neither the release nor the instance has%s", one.extends(), r.advice(ctx, one))))
	}
	return found
}

// extends names the plugin that the module is of.
func (m member) extends() string {
	if m.PluginID != "" {
		return fmt.Sprintf("%q", m.PluginID)
	}
	return m.PluginPackage
}

// advice says which plugin to add.
func (r *Registry) advice(ctx context.Context, module member) string {
	wanted := bundle.Plugin{Package: module.PluginPackage, Version: "0.0.0"}
	if wanted.Validate() != nil {
		return ": add it, or remove the module"
	}
	if offer, there := r.offer(ctx, module.PluginPackage); there {
		return ": add " + offer
	}
	return ": add " + module.PluginPackage
}

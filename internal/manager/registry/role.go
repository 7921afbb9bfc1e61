package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxOffers bounds the packages that are looked up to be offered in place of another.
const maxOffers = 3

// wrongRole says which packages to use in place of one that a backend cannot load.
func (r *Registry) wrongRole(ctx context.Context, release bundle.Release, plugin bundle.Plugin, m npm.Manifest) orbit.Diagnostic {
	message := fmt.Sprintf("this is a package of role %s, and only plugins and modules can be added, of the "+
		"backend or of the frontend", oneLine(m.Backstage.Role))
	var offers []string
	for _, name := range backends(plugin.Package, m.Backstage) {
		if version, contained := release.Dependencies()[name]; contained {
			return problem(plugin, orbit.CodeWrongRole, fmt.Sprintf(
				"%s; its backend, %s, is in the release already, in version %s: remove the plugin", message, name, version))
		}
		if offer, there := r.offer(ctx, name); there {
			offers = append(offers, offer)
		}
	}
	if len(offers) > 0 {
		message += "; use its backend, " + strings.Join(offers, " or ")
	}
	return problem(plugin, orbit.CodeWrongRole, message)
}

// backends are names that the backend of a plugin can have, going by Backstage's rule for names.
func backends(pkg string, b npm.Backstage) []string {
	var names []string
	for _, name := range b.PluginPackages {
		valid := bundle.Plugin{Package: name, Version: "0.0.0"}.Validate() == nil
		if valid && strings.HasSuffix(name, "-backend") && len(names) < maxOffers {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		return names
	}
	for _, suffix := range []string{"-react", "-common", "-node"} {
		pkg = strings.TrimSuffix(pkg, suffix)
	}
	if strings.HasSuffix(pkg, "-backend") {
		return []string{pkg}
	}
	return []string{pkg + "-backend"}
}

// offer names a package in its newest version, if the registry has it and it may be added.
func (r *Registry) offer(ctx context.Context, pkg string) (string, bool) {
	if r.Policy.Check(pkg, "") != nil {
		return "", false
	}
	latest, err := r.latest(ctx, pkg)
	if err != nil || latest.Version == "" {
		return "", false
	}
	return pkg + " (the newest version is " + latest.Version + ")", true
}

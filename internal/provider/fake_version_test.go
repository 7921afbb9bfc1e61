package provider_test

import (
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// exact is what a version means to the API in memory: a range the version in f.resolved, or the one that it names.
func (f *fakeAPI) exact(version string) string {
	resolved, known := f.resolved[version]
	switch {
	case known:
		return resolved
	case declare.IsRange(version):
		return strings.TrimLeft(version, "^~>=< ")
	default:
		return version
	}
}

// resolve is the spec as orbitd stores it.
func (f *fakeAPI) resolve(name string, spec orbit.PluginSpec) orbit.PluginSpec {
	spec.ResolvedVersion, spec.Frontend = "", f.frontend[name]
	if exact := f.exact(spec.Version); exact != spec.Version {
		spec.ResolvedVersion = exact
	}
	return spec
}

// resolveAll does so for the plugins of an instance.
func (f *fakeAPI) resolveAll(plugins map[string]orbit.PluginSpec) {
	for name, spec := range plugins {
		plugins[name] = f.resolve(name, spec)
	}
}

// resolvedVersions are those of the plugins that a plan request declares.
func (f *fakeAPI) resolvedVersions(request orbit.PlanRequest) map[string]string {
	versions := map[string]string{}
	if request.Plugin != nil {
		versions[request.Plugin.Package] = f.exact(request.Plugin.Version)
	}
	if request.Instance != nil {
		for name, spec := range request.Instance.Plugins {
			versions[name] = f.exact(spec.Version)
		}
	}
	return versions
}

package manager

import (
	"context"
	"maps"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Package tells about a package, before it is added to an instance.
func (p packages) Package(ctx context.Context, name string, question orbit.PackageQuestion) (orbit.Package, error) {
	release, err := findOrDefault(question.Release)
	if err != nil {
		return orbit.Package{}, err
	}
	if err := wellFormed(name, question.Version); err != nil {
		return orbit.Package{}, err
	}
	version := question.Version
	if version != "" && declare.IsRange(version) {
		if version, err = p.Choose(ctx, name, version); err != nil {
			return orbit.Package{}, err
		}
	}
	described, err := p.registry.Describe(ctx, name, version)
	if err != nil {
		return orbit.Package{}, asProblem("what "+name+" is", err)
	}
	found := describe(described)
	found.Release = release.Version
	_, found.InRelease = release.Dependencies()[name]
	found.Proven = proven(release.Version, name)
	return found, nil
}

// wellFormed refuses a question that is none.
func wellFormed(name, version string) error {
	malformed := declare.Package(name)
	if version != "" {
		malformed = append(malformed, declare.Version(version)...)
	}
	if len(malformed) == 0 {
		return nil
	}
	return &orbit.Problem{
		Code: malformed[0].Code, Title: "Not a package in a version", Detail: malformed[0].Message, Diagnostics: malformed,
	}
}

// describe is what the registry says, as the API has it.
func describe(p registry.Package) orbit.Package {
	m := p.Manifest
	needs := map[string]string{}
	for _, dependencies := range []map[string]string{m.PeerDependencies, m.Dependencies} {
		maps.Copy(needs, dependencies)
	}
	maps.DeleteFunc(needs, func(name, _ string) bool { return !strings.HasPrefix(name, "@backstage/") })
	return orbit.Package{
		Name: m.Name, Version: m.Version, Role: m.Backstage.Role, PluginID: m.Backstage.PluginID,
		PluginPackage: m.Backstage.PluginPackage, PluginPackages: append([]string{}, m.Backstage.PluginPackages...),
		Versions: append([]string{}, p.Versions...), LatestVersion: p.Latest, Deprecated: m.Deprecated,
		Requires:         orbit.PackageRequirements{Node: m.Engines["node"], Backstage: needs, Plugin: m.Backstage.PluginPackage},
		NewBackendSystem: newBackendSystem(m.Backstage),
	}
}

// newBackendSystem says whether a package exports a feature that a backend takes, from its main entry point, which is the
// one that is loaded; nil where it does not tell.
func newBackendSystem(b npm.Backstage) *bool {
	if len(b.Features) == 0 {
		return nil
	}
	return new(b.Features["."] == npm.BackendFeature)
}

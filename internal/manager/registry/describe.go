package registry

import (
	"context"
	"encoding/json"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

// Package is what the registry says of a package and one of its versions.
type Package struct {
	// Versions are the published ones, newest first, at most 200.
	Versions []string
	// Latest is the version that the package's authors give to who asks for none.
	Latest string
	// Manifest is that of the version that was asked for.
	Manifest npm.Manifest
}

// UnmarshalJSON reads what npm view prints when it is asked for no field.
func (p *Package) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &p.Manifest); err != nil {
		return err
	}
	var all struct {
		Versions json.RawMessage   `json:"versions"`
		DistTags map[string]string `json:"dist-tags"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	p.Latest = all.DistTags["latest"]
	_ = json.Unmarshal(all.Versions, &p.Versions) // an answer without is still one about the version
	p.Versions = sortedVersions(p.Versions)
	return nil
}

// Describe tells about a package, for people. The version is an exact one; "" is the latest. A *bundle.Error says that the
// package or the version does not exist, or may not be asked for, or, with code unchecked, that the registry did not
// answer.
func (r *Registry) Describe(ctx context.Context, pkg, version string) (Package, error) {
	plugin := bundle.Plugin{Package: pkg, Version: version}
	valid := plugin
	if version == "" {
		valid.Version = "0.0.0"
	}
	if err := valid.Validate(); err != nil {
		return Package{}, err
	}
	if err := r.Policy.Check(pkg, version); err != nil {
		return Package{}, err
	}
	var found Package
	if err := r.view(ctx, &found, plugin); err != nil {
		return Package{}, r.withNewest(ctx, plugin, err)
	}
	return found, nil
}

package registry

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Choose returns the newest version of a package within a range, as npm reads ranges. A *bundle.Error says that the package
// does not exist, that no version of it is within the range, or, with code unchecked, that the registry did not answer.
func (r *Registry) Choose(ctx context.Context, name, versionRange string) (string, error) {
	plugin := bundle.Plugin{Package: name, Version: versionRange}
	var answer json.RawMessage
	if err := r.view(ctx, &answer, plugin.String(), "version"); err != nil {
		return "", r.inspectError(ctx, plugin, err)
	}
	// npm prints one version as it is, and several as a list.
	var versions []string
	if json.Unmarshal(answer, &versions) != nil {
		versions = make([]string, 1)
		if err := json.Unmarshal(answer, &versions[0]); err != nil {
			return "", &bundle.Error{Code: orbit.CodeUnchecked, Plugin: name, Detail: fmt.Sprintf("read the answer of npm view: %s", err)}
		}
	}
	var newest *semver.Version
	for _, text := range versions {
		version, err := semver.StrictNewVersion(text)
		if err == nil && (newest == nil || version.GreaterThan(newest)) {
			newest = version
		}
	}
	if newest == nil {
		return "", &bundle.Error{Code: orbit.CodeVersionNotFound, Plugin: name,
			Detail: fmt.Sprintf("no version of this package is within %s%s", versionRange, r.newest(ctx, name))}
	}
	return newest.String(), nil
}

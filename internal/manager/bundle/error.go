package bundle

import (
	"cmp"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Error is a set of packages that cannot be installed.
type Error struct {
	// Code is one of package_not_found, version_not_found, unresolvable, package_too_large, install_failed,
	// invalid_package and invalid_version.
	Code orbit.Code
	// Plugin is the package at fault; "" when none can be named.
	Plugin string
	// Detail says what is wrong, in npm's own words where it was npm that said it, without credentials.
	Detail string
}

// Error names the plugin, if one is known, and what is wrong.
func (e *Error) Error() string {
	if e.Plugin != "" {
		return fmt.Sprintf("plugin %s: %s", e.Plugin, e.Detail)
	}
	return e.Detail
}

// asError says what npm's failure means for the plugins that were being installed.
func asError(failure *npm.Failure, plugins []Plugin) *Error {
	found := &Error{Code: orbit.CodeInstallFailed, Detail: failure.Words()}
	subject := failure.Subject()
	if len(plugins) == 1 {
		found.Plugin = plugins[0].Package
	}
	asked := false
	for _, plugin := range plugins {
		if plugin.Package == subject {
			asked, found.Plugin = true, subject
		}
	}
	switch {
	case failure.PackageMissing() && asked:
		found.Code = orbit.CodePackageNotFound
	case failure.VersionMissing() && asked:
		found.Code = orbit.CodeVersionNotFound
	case len(plugins) == 0:
		// The release itself is locked: whatever npm says, there is no set to choose otherwise.
	case failure.PackageMissing(), failure.VersionMissing():
		found.Code = orbit.CodeUnresolvable
		if subject != "" {
			found.Detail = "it depends on " + subject + ", which the registry does not have: " + found.Detail
		}
	case failure.Tampered():
		found.Detail = "the registry, or what is between it and orbitd, gave another tarball than the one whose hash was " +
			"stated when the set was resolved; nothing of it was installed: " + found.Detail
	case failure.FromGit():
		found.Code = orbit.CodeUnresolvable
		found.Detail = foreign(cmp.Or(subject, "a package"), "comes from a git repository")
	case failure.Unresolvable():
		found.Code = orbit.CodeUnresolvable
	}
	return found
}

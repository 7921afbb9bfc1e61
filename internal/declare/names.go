// Package declare checks what a user declares about one instance or one plugin, as far as that can be told from the
// declaration alone. It is pure: no I/O, no clock, and the same answer in the Terraform provider at plan and in orbitd
// at apply.
package declare

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxPackageLength is npm's bound.
const maxPackageLength = 214

var (
	workspaceName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`)
	packageName   = regexp.MustCompile(`^(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*$`)
	secretName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	partial       = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)?$`)
	tag           = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)
)

func problem(code orbit.Code, path, format string, args ...any) []orbit.Diagnostic {
	return []orbit.Diagnostic{{Code: code, Severity: orbit.SeverityError, Path: path, Message: fmt.Sprintf(format, args...)}}
}

// Workspace returns invalid_workspace unless the name is a DNS label of at most orbit.MaxWorkspaceLength characters.
func Workspace(name string) []orbit.Diagnostic {
	switch {
	case name == "":
		return problem(orbit.CodeInvalidWorkspace, "workspace", "the workspace has no name")
	case len(name) > orbit.MaxWorkspaceLength:
		return problem(orbit.CodeInvalidWorkspace, "workspace", "the name %q has %d characters, at most %d are allowed",
			name, len(name), orbit.MaxWorkspaceLength)
	case !workspaceName.MatchString(name):
		return problem(orbit.CodeInvalidWorkspace, "workspace", "the name %q is not a DNS label: use lower-case letters, "+
			"digits and hyphens, with a letter or digit at both ends", name)
	}
	return nil
}

// Package returns invalid_package unless the name is one that an npm package can have.
func Package(name string) []orbit.Diagnostic {
	scope := strings.HasPrefix(name, "@")
	switch at := strings.LastIndex(name, "@"); {
	case name == "":
		return problem(orbit.CodeInvalidPackage, "package", "the package has no name")
	case strings.Contains(name, "://") || strings.HasPrefix(name, "git+") || strings.HasPrefix(name, "file:") ||
		strings.HasPrefix(name, "npm:") || strings.HasPrefix(name, "github:"):
		return problem(orbit.CodeInvalidPackage, "package", "%q is not the name of an npm package: plugins come from the "+
			"registry, give the package's name", name)
	case at > 0:
		return problem(orbit.CodeInvalidPackage, "package", "%q has a version in it: give the package as %q and the version beside it",
			name, name[:at])
	case len(name) > maxPackageLength:
		return problem(orbit.CodeInvalidPackage, "package", "the name has %d characters, at most %d are allowed", len(name), maxPackageLength)
	case !scope && strings.Contains(name, "/"):
		return problem(orbit.CodeInvalidPackage, "package", "%q is not the name of an npm package; with a scope it begins with @", name)
	case !packageName.MatchString(name) || name[0] == '-' || name == "node_modules" || name == "favicon.ico":
		return problem(orbit.CodeInvalidPackage, "package", "%q is not the name of an npm package: use lower-case letters, "+
			"digits, hyphens, dots and underscores, as in @backstage-community/plugin-todo-backend", name)
	}
	return nil
}

// Version returns invalid_version unless the text is an exact semantic version, so that one declaration always means
// one set of packages.
func Version(text string) []orbit.Diagnostic {
	path := "version"
	if version, err := semver.StrictNewVersion(text); err == nil {
		if version.Metadata() != "" {
			return problem(orbit.CodeInvalidVersion, path, "%q has build metadata, which versions in the registry do not have: write %q",
				text, strings.SplitN(text, "+", 2)[0])
		}
		return nil
	}
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return problem(orbit.CodeInvalidVersion, path, "the version is missing: give an exact one such as 1.2.3")
	case strings.Contains(trimmed, ":") || strings.Contains(trimmed, "/"):
		return problem(orbit.CodeInvalidVersion, path, "%q is a URL or a path: plugins come from the registry, give an exact version such as 1.2.3", text)
	case strings.HasPrefix(trimmed, "v") && len(Version(trimmed[1:])) == 0:
		return problem(orbit.CodeInvalidVersion, path, "%q is not an exact version: write %q", text, trimmed[1:])
	case len(trimmed) < len(text) && len(Version(trimmed)) == 0:
		return problem(orbit.CodeInvalidVersion, path, "%q has spaces around the version: write %q", text, trimmed)
	case partial.MatchString(trimmed):
		return problem(orbit.CodeInvalidVersion, path, "%q is a range: give all three numbers, such as 1.2.3", text)
	case strings.ContainsAny(trimmed, "^~<>=*| ,") || isWildcard(trimmed):
		return problem(orbit.CodeInvalidVersion, path, "%q is a range, which means another version tomorrow: give an exact one such as 1.2.3", text)
	case tag.MatchString(trimmed):
		return problem(orbit.CodeInvalidVersion, path, "%q is a tag, which means another version tomorrow: give an exact one such as 1.2.3", text)
	default:
		return problem(orbit.CodeInvalidVersion, path, "%q is not an exact semantic version such as 1.2.3", text)
	}
}

// isWildcard says whether a part of the version is x, as in 1.x.
func isWildcard(text string) bool {
	for _, part := range strings.Split(text, ".") {
		if part == "x" || part == "X" {
			return true
		}
	}
	return false
}

// SecretName returns invalid_request unless the name is one that ${NAME} can refer to: letters, digits and underscores,
// no digit first.
func SecretName(name string) []orbit.Diagnostic {
	if secretName.MatchString(name) {
		return nil
	}
	return problem(orbit.CodeInvalidRequest, "secrets", "%q is not the name of a secret: use letters, digits and underscores, no digit first", name)
}

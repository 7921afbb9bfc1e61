// Package declare checks what a user declares about one instance or one plugin, as far as that can be told from the
// declaration alone. It is pure: no I/O, no clock, and the same answer in the Terraform provider at plan and in orbitd
// at apply.
package declare

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxPackageLength is npm's bound.
const maxPackageLength = 214

var (
	workspaceName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`)
	packageName   = regexp.MustCompile(`^(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*$`)
	secretName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
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

// SecretName returns invalid_request unless the name is one that ${NAME} can refer to: letters, digits and underscores,
// no digit first.
func SecretName(name string) []orbit.Diagnostic {
	if secretName.MatchString(name) {
		return nil
	}
	return problem(orbit.CodeInvalidRequest, "secrets", "%q is not the name of a secret: use letters, digits and underscores, no digit first", name)
}

// OfBackend says whether a package's name has it, by Backstage's rule for names, that the package is a part of the backend.
// One whose name does not may be so all the same.
func OfBackend(name string) bool {
	return strings.Contains(name[strings.IndexByte(name, '/')+1:], "backend")
}

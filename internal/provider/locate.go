package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// locate returns the attribute that a finding is about; ok is false when there is none to name.
type locate func(orbit.Diagnostic) (attribute path.Path, ok bool)

// nowhere is the place of findings that no attribute is to blame for.
func nowhere(orbit.Diagnostic) (path.Path, bool) { return path.Empty(), false }

// attributeOf names the attribute that findings of this code are about, in a plugin and, where it is config, in an
// instance; "" where it is the whole.
func attributeOf(code orbit.Code) string {
	switch code {
	case orbit.CodeInvalidVersion, orbit.CodeVersionNotFound, orbit.CodeLegacyBackend, orbit.CodeSecondMajor, orbit.CodeEngine,
		orbit.CodeDeprecated, orbit.CodeVulnerable:
		return "version"
	case orbit.CodeInvalidDocument, orbit.CodeNotAMapping, orbit.CodeManagedKey, orbit.CodeForbiddenDirective,
		orbit.CodeUndefinedSecret, orbit.CodeConflictingPaths, orbit.CodeWillNotBoot, orbit.CodeNoEffect, orbit.CodeWrongType,
		orbit.CodeInvalidValue, orbit.CodeMissingKey, orbit.CodeUnknownKey, orbit.CodeLiteralSecret:
		return "config"
	default:
		return ""
	}
}

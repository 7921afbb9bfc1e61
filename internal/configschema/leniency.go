package configschema

import (
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// What boots and works must not be refused, and schemas say less than the code that ships them. What is in this file was
// found by holding the schemas of release 1.55.0 against edits measured on a real Backstage (internal/corpus).

// isOfBackstage says whether the package is one of Backstage's own, whose schemas are kept well enough to go by. The
// schemas of others lack keys that their own documentation shows, allowedBaseUrlOverrideRegex of Jenkins or authType of
// SonarQube, and require what it leaves out, pullRequestDashboard of Azure DevOps or auth of Vault.
func isOfBackstage(pkg string) bool { return strings.HasPrefix(pkg, "@backstage/") }

// severity says whether a fault in the eyes of a package stops a change.
//
// A number or a truth where a text is wanted is refused by getString, except where a whole mapping of free keys is handed
// on as it is: the header X-Added: 7 of a proxy endpoint arrives as "7".
func (f fault) severity(pkg string) orbit.Severity {
	if f.code == orbit.CodeMissingKey && !isOfBackstage(pkg) {
		return orbit.SeverityWarning
	}
	kind := f.at.value.Kind()
	if f.free && f.code == orbit.CodeWrongType && (kind == appconfig.Number || kind == appconfig.Bool) &&
		slices.Contains(f.wants, inWords["string"]) {
		return orbit.SeverityWarning
	}
	return orbit.SeverityError
}

// works says whether the value is known to work though a schema does not list it: winston, which writes Backstage's log,
// has these levels too.
func (f fault) works() bool {
	path := f.at.path()
	isLevel := matches(path, "backend", "logger", "level") ||
		matches(path, "backend", "auditor", "severityLogLevelMappings", "*")
	return isLevel && f.code == orbit.CodeInvalidValue && slices.Contains([]string{"http", "verbose", "silly"}, f.at.value.Text())
}

// isForeign says whether a key may have a meaning for somebody who has no schema for it.
func isForeign(path appconfig.Path) bool {
	for _, pattern := range [][]string{
		{"*"},                            // the web app's packages have sections of their own
		{"app", "*"},                     // and keys in this one
		{"proxy", "*"},                   // the place of endpoints in old releases
		{"proxy", "endpoints", "*", "*"}, // options of http-proxy-middleware
		{"kubernetes", "clusterLocatorMethods", "[]", "clusters", "[]", "*"},
		{"auth", "providers", "*"}, // a module's, which may have no schema
		{"catalog", "processors"},
		{"catalog", "processors", "*"},
		{"catalog", "providers"},
		{"catalog", "providers", "*"},
	} {
		if matches(path, pattern...) {
			return true
		}
	}
	return false
}

// matches says whether the path is of the pattern, in which "*" stands for any key and "[]" for any index.
func matches(path appconfig.Path, pattern ...string) bool {
	if len(path) != len(pattern) {
		return false
	}
	for i, step := range path {
		key, isKey := step.Key()
		if isKey && pattern[i] != "*" && pattern[i] != key || !isKey && pattern[i] != "[]" {
			return false
		}
	}
	return true
}

// diagnostic tells of a key that nobody knows; ok is false where there is nothing to tell.
//
// It is an error where it is surely a slip: a known name is near, which is not set beside it, and more than a plural away.
func (s stranger) diagnostic() (d orbit.Diagnostic, ok bool) {
	path := s.at.path().Child(appconfig.Key(s.key))
	d = orbit.Diagnostic{Code: orbit.CodeUnknownKey, Severity: orbit.SeverityWarning, Path: path.String()}
	foreign := isForeign(path)
	switch {
	case s.near == "" && (foreign || !s.sure):
		return d, false
	case s.near == "":
		d.Message = s.pkg + " knows no key " + s.key + " here, and neither does another package; check its spelling"
	default:
		d.Message = s.pkg + " knows no key " + s.key + " here; did you mean " + s.near + "?"
		if !foreign && !s.twin && s.key != s.near+"s" && s.near != s.key+"s" {
			d.Severity = orbit.SeverityError
		}
	}
	return d, true
}

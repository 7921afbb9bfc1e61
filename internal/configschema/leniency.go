package configschema

import (
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// What boots and works must not be refused, and schemas say something else than the code beside them. What is in this
// file was found by holding the schemas of release 1.55.0 and of two dozen plugins against edits that were measured on a
// real Backstage (internal/corpus), against the plugins' own documentation, against app-configs of public repositories,
// and against the code that reads the keys.

// isOfBackstage says whether the package is one of Backstage's own. Their schemas lack few keys, and those of others
// many: allowedBaseUrlOverrideRegex of Jenkins and authType of SonarQube are in the documentation and not in the schema.
func isOfBackstage(pkg string) bool { return strings.HasPrefix(pkg, "@backstage/") }

// isDuration says whether the schema of a mapping means a duration. readDurationFromConfig of @backstage/config, which
// reads them, takes texts as well ("PT30M", "30m"), also where the schema says nothing of it, as in that of
// catalog.processingInterval.
func isDuration(s *jsonschema.Schema) bool {
	units := []string{"years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds"}
	return len(s.Properties) == len(units) &&
		!slices.ContainsFunc(units, func(unit string) bool { return s.Properties[unit] == nil })
}

// isList says whether the schema of a mapping means a list: the generator that Backstage compiles types with makes a
// mapping that requires a length of an interface that extends Array, of JsonArray in @backstage/types for one.
func isList(s *jsonschema.Schema) bool {
	return len(s.Required) == 1 && s.Required[0] == "length" && len(s.Properties) == 1 && s.Properties["length"] != nil
}

// severity says whether a fault stops a change.
//
// A missing key does not: what a type requires the code often has a default for. Where it serves no web app (see CheckWebApp)
// Backstage boots without host in integrations.github and with auth without providers, Azure DevOps is documented without the
// pullRequestDashboard that it requires, Vault without auth. (What a package of the release cannot boot without is known to
// changeplan.)
//
// A number or a truth where a text is wanted is refused by getString, except where a whole mapping of free keys is handed
// on as it is: the header X-Added: 7 of a proxy endpoint arrives as "7".
func (f fault) severity() orbit.Severity {
	kind := f.at.value.Kind()
	isScalar := kind == appconfig.Number || kind == appconfig.Bool
	if f.code == orbit.CodeMissingKey ||
		f.free && f.code == orbit.CodeWrongType && isScalar && slices.Contains(f.wants, inWords["string"]) {
		return orbit.SeverityWarning
	}
	return orbit.SeverityError
}

// works says whether the code is known to take what its schema does not.
func (f fault) works() bool {
	path := f.path()
	if f.code == orbit.CodeMissingKey {
		return matchesAny(path, [][]string{
			{"auth", "providers"},
			{"discovery", "endpoints"},
			{"integrations", "azure", "[]", "host"},
			{"integrations", "github", "[]", "host"},
		})
	}
	isLevel := matchesAny(path, [][]string{
		{"backend", "logger", "level"},
		{"backend", "auditor", "severityLogLevelMappings", "*"},
	})
	// winston, which writes Backstage's log, has these levels too.
	return isLevel && f.code == orbit.CodeInvalidValue && slices.Contains([]string{"http", "verbose", "silly"}, f.at.value.Text())
}

// isForeign says whether a key may have a meaning for somebody whose schema is not there: the web app, which has keys
// of its own in the sections of many plugins, or a module without a schema.
func isForeign(path appconfig.Path) bool {
	if len(path) < 3 && !path.HasPrefix(appconfig.Keys("backend")) {
		return true
	}
	for _, of := range [][]string{{"app"}, {"auth", "providers"}, {"catalog", "processors"}, {"catalog", "providers"}} {
		if path.HasPrefix(appconfig.Keys(of...)) {
			return true
		}
	}
	return matchesAny(path, [][]string{
		{"integrations", "github", "[]", "apps", "[]", "*"}, // a GitHub app's credentials as GitHub writes them
		{"kubernetes", "clusterLocatorMethods", "[]", "clusters", "[]", "*"},
		{"proxy", "endpoints", "*", "*"}, // options of http-proxy-middleware
	})
}

// matchesAny says whether the path is of one of the patterns, in which "*" stands for any key and "[]" for any index.
func matchesAny(path appconfig.Path, patterns [][]string) bool {
	return slices.ContainsFunc(patterns, func(pattern []string) bool {
		return slices.EqualFunc(path, pattern, func(step appconfig.Step, part string) bool {
			key, isKey := step.Key()
			return isKey && (part == "*" || part == key) || !isKey && part == "[]"
		})
	})
}

// diagnostic tells of a key that nobody knows; ok is false where there is nothing to tell.
//
// It is an error where it is surely a slip: a known name is near, is not set beside it, and is more than a plural away.
func (s stranger) diagnostic() (d orbit.Diagnostic, ok bool) {
	path := s.at.path().Child(appconfig.Key(s.key))
	d = orbit.Diagnostic{Code: orbit.CodeUnknownKey, Severity: orbit.SeverityWarning, Path: path.String()}
	foreign := isForeign(path)
	if s.near == "" {
		d.Message = s.pkg + " knows no key " + s.key + " here, and neither does another package; check its spelling"
		return d, s.sure && !foreign
	}
	d.Message = s.pkg + " knows no key " + s.key + " here; did you mean " + s.near + "?"
	isPlural := s.key == s.near+"s" || s.near == s.key+"s"
	isShared := len(path) == 1 || foreign && len(path) > 2
	if !isShared && !s.twin && (!isPlural || s.duration) {
		d.Severity = orbit.SeverityError
	}
	return d, true
}

package declare

import (
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxVersionLength is npm's bound of a version and of a range.
const maxVersionLength = 256

// The grammar is that of https://github.com/npm/node-semver#range-grammar without what would match every version, without
// build metadata, and without the spellings that only old versions of npm need.
const (
	number     = `(?:0|[1-9][0-9]{0,15})`
	identifier = `(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`
	// partial is 1, 1.2, 1.2.3, 1.2.3-beta.1, or one with x or * in place of the minor or the patch number.
	partialPattern = number + `(?:\.(?:[xX*](?:\.[xX*])?|` + number + `(?:\.(?:[xX*]|` + number + `(?:-` + identifier + `(?:\.` + identifier + `)*)?))?))?`
	simplePattern  = `(?:\^|~|[<>]=?|=)? *` + partialPattern
)

var (
	versionRange = regexp.MustCompile(`^(?:` + partialPattern + ` +- +` + partialPattern + `|` + simplePattern + `(?: +` + simplePattern + `)*)$`)
	// everything is an operator at most, in front of no number.
	everything = regexp.MustCompile(`^(?:\^|~|[<>]=?|=)? *(?:[xX*](?:\.[xX*])*)?$`)
	tag        = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)
)

// instead is what a version looks like.
const instead = "give an exact version such as 1.2.3 or a range such as ^1.2.0"

// Version returns invalid_version unless the text is an exact semantic version or a range as npm reads it: ^1.2.0, ~1.2,
// 1.x, >=1.2.0 <3, 1.2.0 - 1.4.0, and several with || between them. What a range means is for orbitd to say, once; a tag,
// a URL or a path could mean other code every time, and a range of everything says nothing.
func Version(text string) []orbit.Diagnostic {
	trimmed := strings.TrimSpace(text)
	refused := func(why string, args ...any) []orbit.Diagnostic {
		return problem(orbit.CodeInvalidVersion, "version", "%q "+why, append([]any{text}, args...)...)
	}
	switch {
	case trimmed == "":
		return problem(orbit.CodeInvalidVersion, "version", "the version is missing: %s", instead)
	case len(text) > maxVersionLength:
		return problem(orbit.CodeInvalidVersion, "version", "the version has %d characters, at most %d are allowed", len(text), maxVersionLength)
	case strings.ContainsAny(trimmed, ":/\\"):
		return refused("is a URL, a path, an alias or a git reference: plugins come from the registry, %s", instead)
	case isVersion(text):
		return nil
	case len(trimmed) < len(text) && isVersion(trimmed):
		return refused("has spaces around the version: write %q", trimmed)
	case strings.HasPrefix(trimmed, "v") && isVersion(trimmed[1:]):
		return refused("is no version to npm's registry: write %q", trimmed[1:])
	case withoutBuild(trimmed) != "":
		return refused("has build metadata, which versions in the registry do not have: write %q", withoutBuild(trimmed))
	case matchesEverything(trimmed):
		return refused("matches every version, also majors that do not exist yet: %s", instead)
	case strings.Contains(trimmed, "~>"):
		return refused("is a constraint as Terraform writes it, and npm reads it differently: write ^1.2.0 for every later " +
			"1.x, or ~1.2.0 for every later 1.2.x")
	case tag.MatchString(trimmed):
		return refused("is a tag, which means another version tomorrow: %s", instead)
	default:
		return refused("is neither an exact semantic version nor a range of them: %s", instead)
	}
}

// IsRange says whether a version that Version accepts is a range, which has to be resolved to an exact version.
func IsRange(text string) bool {
	_, err := semver.StrictNewVersion(text)
	return err != nil
}

func isVersion(text string) bool {
	if version, err := semver.StrictNewVersion(text); err == nil {
		return version.Metadata() == ""
	}
	for part := range strings.SplitSeq(text, "||") {
		if !versionRange.MatchString(strings.Trim(part, " ")) {
			return false
		}
	}
	return strings.Trim(text, " ") == text
}

// withoutBuild is the version without its build metadata; "" where that is not what is wrong with it.
func withoutBuild(text string) string {
	version, _, found := strings.Cut(text, "+")
	if !found || !isVersion(version) {
		return ""
	}
	return version
}

// matchesEverything says whether one of the parts between || does, as 1.x || does: nothing is npm's word for everything.
func matchesEverything(text string) bool {
	for part := range strings.SplitSeq(text, "||") {
		if everything.MatchString(strings.TrimSpace(part)) {
			return true
		}
	}
	return false
}

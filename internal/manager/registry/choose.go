package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// rangePattern is what a range of versions is made of. Nothing of it can make npm take the range for an option, a path
// or an address.
var rangePattern = regexp.MustCompile(`^[0-9A-Za-z.+^~<>=|* -]{1,200}$`)

// filePattern is how the name of a file ends that npm would install in place of a version.
var filePattern = regexp.MustCompile(`(?i)\.(tgz|tar\.gz|tar)$`)

// candidate is a version that satisfies a range.
type candidate struct {
	Version string `json:"version"`
	// Deprecated is any value that npm takes for yes.
	Deprecated any               `json:"deprecated"`
	Engines    map[string]string `json:"-"`
	DistTags   map[string]string `json:"dist-tags"`
}

// UnmarshalJSON reads a version, whose engines can be of any form in an old package.
func (c *candidate) UnmarshalJSON(text []byte) error {
	type plain candidate
	var engines struct {
		Engines json.RawMessage `json:"engines"`
	}
	if err := json.Unmarshal(text, (*plain)(c)); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &engines); err != nil {
		return err
	}
	_ = json.Unmarshal(engines.Engines, &c.Engines)
	return nil
}

// Choose returns the version that npm would install for the range: the one with the tag latest if the range has it, else
// the highest that is there; one that is deprecated, or whose engines exclude the release's Node.js, only where there is
// no other. What a range means is left to npm. A *bundle.Error says package_not_found, version_not_found, invalid_version,
// that the package may not be asked for, or, with code unchecked, that the registry did not answer.
func (r *Registry) Choose(ctx context.Context, pkg, constraint string) (string, error) {
	if err := (bundle.Plugin{Package: pkg, Version: "0.0.0"}).Validate(); err != nil {
		return "", err
	}
	if !rangePattern.MatchString(constraint) || filePattern.MatchString(constraint) {
		return "", &bundle.Error{Code: orbit.CodeInvalidVersion, Plugin: pkg,
			Detail: fmt.Sprintf("%q is neither a version nor a range of versions; it looks like 1.2.3 or ^1.2.0", constraint)}
	}
	if err := r.Policy.Check(pkg, ""); err != nil {
		return "", err
	}
	asked := constraint
	if asked == "*" {
		asked = "x" // the same range; * makes npm view tell of the latest version only
	}
	var found oneOrMore
	err := r.view(ctx, &found, bundle.Plugin{Package: pkg, Version: asked}, "version", "deprecated", "engines", "dist-tags")
	switch {
	case codeOf(err) == orbit.CodeVersionNotFound:
		return "", &bundle.Error{Code: orbit.CodeVersionNotFound, Plugin: pkg,
			Detail: fmt.Sprintf("no version of this package satisfies %q%s", constraint, r.newest(ctx, pkg))}
	case err != nil:
		return "", err
	}
	version := pick(found, r.Node)
	if version == "" {
		return "", &bundle.Error{Code: orbit.CodeUnchecked, Plugin: pkg,
			Detail: fmt.Sprintf("the registry's answer about the versions in %q cannot be read", constraint)}
	}
	return version, nil
}

// oneOrMore is a list that npm gives without brackets where it has one entry.
type oneOrMore []candidate

// UnmarshalJSON reads either form.
func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		return json.Unmarshal(text, (*[]candidate)(o))
	}
	*o = make(oneOrMore, 1)
	return json.Unmarshal(text, &(*o)[0])
}

// pick chooses as npm-pick-manifest does, which is npm's rule wherever it installs a range; "" of nothing.
func pick(found []candidate, node string) string {
	better := func(a, b candidate) bool {
		aFits, bFits := fits(a.Engines, node), fits(b.Engines, node)
		aKept, bKept := !truthy(a.Deprecated), !truthy(b.Deprecated)
		switch {
		case (aFits && aKept) != (bFits && bKept):
			return aFits && aKept
		case aFits != bFits:
			return aFits
		case aKept != bKept:
			return aKept
		default:
			return newer(a.Version, b.Version)
		}
	}
	var best candidate
	for _, c := range found {
		if c.Version == "" {
			continue
		}
		if c.Version == c.DistTags["latest"] && fits(c.Engines, node) && !truthy(c.Deprecated) {
			return c.Version
		}
		if best.Version == "" || better(c, best) {
			best = c
		}
	}
	return best.Version
}

// fits says whether engines take this version of Node.js. A range that cannot be read takes any.
func fits(engines map[string]string, node string) bool {
	if engines["node"] == "" || node == "" {
		return true
	}
	constraint, err := semver.NewConstraint(engines["node"])
	if err != nil {
		return true
	}
	version, err := semver.NewVersion(node)
	return err != nil || constraint.Check(version)
}

// truthy reads what registries write for deprecated: a text, or now and then a boolean.
func truthy(value any) bool {
	switch value := value.(type) {
	case string:
		return value != ""
	case bool:
		return value
	default:
		return value != nil
	}
}

// newer says whether version a comes after b. A malformed one comes first.
func newer(a, b string) bool { return compareVersions(a, b) > 0 }

func compareVersions(a, b string) int {
	left, leftErr := semver.NewVersion(a)
	right, rightErr := semver.NewVersion(b)
	switch {
	case leftErr != nil && rightErr != nil:
		return 0
	case leftErr != nil:
		return -1
	case rightErr != nil:
		return 1
	default:
		return left.Compare(right)
	}
}

// maxVersions bounds the versions that Describe gives.
const maxVersions = 200

// sortedVersions are the versions, newest first, and no more than maxVersions.
func sortedVersions(versions []string) []string {
	sorted := slices.Clone(versions)
	slices.SortStableFunc(sorted, func(a, b string) int { return compareVersions(b, a) })
	return sorted[:min(len(sorted), maxVersions)]
}

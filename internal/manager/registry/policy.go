package registry

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// DefaultPatterns is the word that stands, in a list of patterns, for those of DefaultAllowed.
const DefaultPatterns = "default"

// DefaultAllowed returns the patterns of the packages that may be added where nobody says otherwise: those of the
// publishers that are known for plugins of Backstage.
func DefaultAllowed() []string {
	return []string{
		"@backstage/*", "@backstage-community/*", "@roadiehq/*", "@spotify/*", "@pagerduty/*", "@janus-idp/*",
		"@red-hat-developer-hub/*", "@aws/*-for-backstage-*", "@axis-backstage/*", "@coder/backstage-*",
		"@datadog/backstage-*", "@drodil/backstage-*", "@dweber019/backstage-*", "@dynatrace/backstage-*", "@frontside/backstage-*",
		"@immobiliarelabs/backstage-*", "@parfuemerie-douglas/*", "@seatgeek/backstage-*", "@terasky/backstage-*",
	}
}

// Policy says which packages may be added to instances. It is about the packages that are declared, not about what they
// depend on. The zero Policy allows nothing; see NewPolicy.
type Policy struct{ allow, deny []pattern }

// NewPolicy reads two lists of patterns. A pattern is the name of a package, in which * stands for any characters, and
// may end in @ and a range of versions: "@acme/*", "@acme/backstage-plugin-x-backend@<4", "*". The word "default" stands
// for DefaultAllowed. No allow list at all is the default one. What is on the deny list is denied whatever the other says.
func NewPolicy(allow, deny []string) (Policy, error) {
	if len(allow) == 0 {
		allow = []string{DefaultPatterns}
	}
	var policy Policy
	for _, list := range []struct {
		name  string
		texts []string
		into  *[]pattern
	}{{"allow", allow, &policy.allow}, {"deny", deny, &policy.deny}} {
		for _, text := range list.texts {
			patterns, err := parsePatterns(strings.TrimSpace(text))
			if err != nil {
				return Policy{}, fmt.Errorf("the %s list of packages: %w", list.name, err)
			}
			*list.into = append(*list.into, patterns...)
		}
	}
	return policy, nil
}

// Check returns a *bundle.Error, package_denied or package_not_allowed, for a package that may not be added. A version
// of "" asks whether there can be any that may.
func (p Policy) Check(pkg, version string) error {
	for _, denied := range p.deny {
		if denied.matches(pkg, version, false) {
			return &bundle.Error{Code: orbit.CodePackageDenied, Plugin: pkg, Detail: fmt.Sprintf(
				"the operator of this orbitd denies it (%s on its deny list, --deny-packages): use another package%s, "+
					"or ask the operator", denied.text, denied.orVersion())}
		}
	}
	texts := make([]string, 0, len(p.allow))
	for _, allowed := range p.allow {
		if allowed.matches(pkg, version, true) {
			return nil
		}
		texts = append(texts, allowed.text)
	}
	return &bundle.Error{Code: orbit.CodePackageNotAllowed, Plugin: pkg, Detail: fmt.Sprintf(
		"this orbitd allows %s; to allow this package as well, its operator starts orbitd with --allow-packages=%s,%s",
		strings.Join(texts, ", "), DefaultPatterns, pkg)}
}

// Diagnose returns an error for each plugin that may not be added.
func (p Policy) Diagnose(plugins []bundle.Plugin) []orbit.Diagnostic {
	var found []orbit.Diagnostic
	for _, plugin := range plugins {
		if err := p.Check(plugin.Package, plugin.Version); err != nil {
			found = append(found, failed(plugin, err))
		}
	}
	return found
}

// pattern is one entry of a list.
type pattern struct {
	text     string
	name     *regexp.Regexp
	versions *semver.Constraints // nil is every version
}

// orVersion is what the user can do beside taking another package.
func (p pattern) orVersion() string {
	if p.versions == nil {
		return ""
	}
	return " or version"
}

// matches says whether the package and version are meant; any is the answer where the version is not known yet and the
// pattern is about some only.
func (p pattern) matches(pkg, version string, any bool) bool {
	if !p.name.MatchString(pkg) {
		return false
	}
	if p.versions == nil {
		return true
	}
	if version == "" {
		return any
	}
	exact, err := semver.StrictNewVersion(version)
	return err == nil && p.versions.Check(exact)
}

// namePattern is a package's name with stars. Only characters that a name can have are allowed, so that a slip shows.
var namePattern = regexp.MustCompile(`^(@[a-z0-9~*._-]+/)?[a-z0-9~*._-]+$`)

// parsePatterns reads one entry of a list, which is more than one pattern where it is the word for the default ones.
func parsePatterns(text string) ([]pattern, error) {
	if text == DefaultPatterns {
		var all []pattern
		for _, text := range DefaultAllowed() {
			patterns, err := parsePatterns(text)
			if err != nil {
				return nil, err
			}
			all = append(all, patterns...)
		}
		return all, nil
	}
	name, versions := text, ""
	if at := strings.LastIndexByte(text, '@'); at > 0 {
		name, versions = text[:at], text[at+1:]
		if strings.TrimSpace(versions) == "" {
			return nil, fmt.Errorf("%q has no range of versions after its @", text)
		}
	}
	if !namePattern.MatchString(name) {
		return nil, fmt.Errorf("%q is no pattern of package names: write @scope/*, @scope/name, name or *, "+
			"and a range of versions after a second @ if you want one", text)
	}
	parsed := pattern{text: text}
	parsed.name = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(name), `\*`, ".*") + "$")
	if versions == "" {
		return []pattern{parsed}, nil
	}
	constraints, err := semver.NewConstraint(versions)
	if err != nil {
		return nil, fmt.Errorf("%q has no range of versions after its @: %w", text, err)
	}
	constraints.IncludePrerelease = true // 4.0.0-next.1 is below 4 to whoever wants nothing below 4
	parsed.versions = constraints
	return []pattern{parsed}, nil
}

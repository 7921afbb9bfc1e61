package declare

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxTargetLength is the API's bound of a location's target.
const maxTargetLength = 2000

// CatalogTarget returns invalid_request unless the text is a URL that a catalog can read entities from: http or https, and
// without a user or password, which everybody who reads the catalog could see.
func CatalogTarget(text string) []orbit.Diagnostic {
	const form = "give the http or https URL of a file such as https://github.com/acme/payments/blob/main/catalog-info.yaml"
	target, err := url.Parse(text)
	switch {
	case text == "":
		return problem(orbit.CodeInvalidRequest, "target", "the location has no target: %s", form)
	case len(text) > maxTargetLength:
		return problem(orbit.CodeInvalidRequest, "target", "the target has %d characters, at most %d are allowed", len(text), maxTargetLength)
	case err != nil, strings.ContainsFunc(text, blank), target.Scheme != "http" && target.Scheme != "https", target.Hostname() == "":
		return problem(orbit.CodeInvalidRequest, "target", "the target %q cannot be read: %s", withoutPassword(text), form)
	case target.User != nil:
		return problem(orbit.CodeInvalidRequest, "target", "the target %q has a user in it, which everybody who reads the "+
			"catalog could see: put what the host asks for into the app-config's integrations", target.Redacted())
	}
	return nil
}

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// withoutPassword is a text that may be a URL, as a message may show it.
func withoutPassword(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if _, host, user := strings.Cut(rest, "@"); found && user {
		return scheme + "://xxxxx@" + host
	}
	return text
}

package declare

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxHostLength is that of a DNS name, and hostLabel one of its labels; see RFC 1123 section 2.1.
const maxHostLength = 253

var hostLabel = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

// BaseURL returns invalid_request unless the URL is one that an instance can be reached under: https:// and the name of a
// host in lower case, with a port where it is not 443, and nothing behind it. http:// is for localhost and names under it
// alone, which browsers trust. "" is none, and good.
func BaseURL(text string) []orbit.Diagnostic {
	if text == "" {
		return nil
	}
	why := Origin(text)
	scheme, rest, _ := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, ":")
	if why == "" && scheme == "http" && !UnderLocalhost(host) {
		why = "begin it with https://, because browsers and sign-in cookies need that everywhere but at localhost"
	}
	if why == "" {
		return nil
	}
	return problem(orbit.CodeInvalidRequest, "base_url", "it cannot be the base URL of an instance: %s", why) // a user's password is not repeated
}

// Origin says what to do about a text that is not http:// or https://, the name of a host in lower case, and a port where
// it is not the scheme's own; "" is nothing.
func Origin(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	u, err := url.Parse(text)
	switch {
	case !found || err != nil:
		return "give a URL such as https://portal.example.com"
	case u.User != nil:
		return "leave the user out: everybody who may see the plan sees it"
	case strings.HasSuffix(rest, "/") && strings.Count(rest, "/") == 1:
		return "leave the slash at its end out"
	case strings.ContainsAny(rest, "/?#"):
		return "leave everything behind the host out: Backstage is served at the root of a host of its own"
	case text != strings.ToLower(text):
		return "write it in lower case, as browsers compare it"
	case scheme != "https" && scheme != "http":
		return "begin it with https://"
	}
	if why := hostFault(u.Hostname()); why != "" {
		return why
	}
	return portFault(u)
}

func hostFault(host string) string {
	const name = "name the host by DNS, as in https://portal.example.com"
	if _, err := netip.ParseAddr(host); err == nil {
		return name + "; an address is none"
	}
	if strings.HasSuffix(host, ".") {
		return "leave the dot behind the host out"
	}
	if host == "" || len(host) > maxHostLength {
		return name
	}
	for label := range strings.SplitSeq(host, ".") {
		if !hostLabel.MatchString(label) {
			return name + ", with letters, digits and inner hyphens between its dots"
		}
	}
	return ""
}

func portFault(u *url.URL) string {
	text := u.Port()
	if text == "" && !strings.HasSuffix(u.Host, ":") {
		return ""
	}
	port, err := strconv.ParseUint(text, 10, 16)
	switch {
	case err != nil || port == 0 || strconv.FormatUint(port, 10) != text:
		return "give a port from 1 to 65535, or none"
	case text == DefaultPort(u.Scheme):
		return "leave the port out: " + text + " is the one that " + u.Scheme + ":// has by itself, and browsers do not send it"
	default:
		return ""
	}
}

// DefaultPort is the port of an http or https URL that has none.
func DefaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// UnderLocalhost says whether the host name is localhost or one under it, which lead to the own machine alone.
func UnderLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

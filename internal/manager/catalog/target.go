package catalog

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxTarget is the longest target, in bytes.
const maxTarget = 2000

// checkTarget refuses what no catalog could read, or what is not for it to read. Which hosts it may read from is its own
// to say (integrations, backend.reading.allow).
func checkTarget(target string) error {
	var why string
	parsed, err := url.Parse(target)
	switch {
	case len(target) > maxTarget:
		why = fmt.Sprintf("it is longer than %d bytes", maxTarget)
	case strings.ContainsFunc(target, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		why = "it has spaces or control characters in it; write them percent-encoded"
	case err != nil || parsed.Host == "":
		why = "it is no URL such as https://example.com/catalog-info.yaml"
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		why = fmt.Sprintf("its scheme is %s, and only http and https can be registered", parsed.Scheme)
	case parsed.User != nil:
		why = "it carries a user: whoever reads the catalog would see that; give the instance an integration instead"
	default:
		return nil
	}
	return &orbit.Problem{
		Code: orbit.CodeInvalidRequest, Title: "The target cannot be registered", Pointer: "/target", Detail: why,
	}
}

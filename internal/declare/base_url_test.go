package declare_test

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestABaseURLIsASchemeAndAHost(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"", "https://portal.example.com", "https://portal.example.com:8443", "https://xn--bcher-kva.example", "https://portal",
		"http://localhost:7007", "http://portal.localhost", "https://portal.localhost:7007",
	} {
		if found := declare.BaseURL(good); len(found) > 0 {
			t.Errorf("%q is refused: %s", good, found[0])
		}
	}
	for bad, want := range map[string]string{
		"portal.example.com":                    "give a URL such as",
		"https://%zz":                           "give a URL such as",
		"://portal.example.com":                 "give a URL such as",
		"ftp://portal.example.com":              "begin it with https://",
		"http://portal.example.com":             "begin it with https://, because",
		"http://localhost.example.com":          "begin it with https://, because",
		"https://portal.example.com/":           "slash at its end",
		"https://portal.example.com/portal":     "everything behind the host",
		"https://portal.example.com/portal/":    "everything behind the host",
		"https://portal.example.com?a=b":        "everything behind the host",
		"https://portal.example.com#a":          "everything behind the host",
		"https://jane@portal.example.com":       "leave the user out",
		"https://jane:secret@portal.example":    "leave the user out",
		"https://Portal.example.com":            "lower case",
		"HTTPS://portal.example.com":            "lower case",
		"https://portal.example.com.":           "leave the dot",
		"https://":                              "by DNS",
		"https://:8443":                         "by DNS",
		"https://192.0.2.1":                     "an address is none",
		"https://[2001:db8::1]:8443":            "an address is none",
		"https://portal_a.example.com":          "letters, digits and inner hyphens",
		"https://-portal.example.com":           "letters, digits and inner hyphens",
		"https://portal..example.com":           "letters, digits and inner hyphens",
		"https://*.example.com":                 "letters, digits and inner hyphens",
		"https://" + strings.Repeat("a.", 127):  "leave the dot",
		"https://a" + strings.Repeat(".a", 127): "by DNS",
		"https://portal.example.com:":           "a port from 1 to 65535",
		"https://portal.example.com:0":          "a port from 1 to 65535",
		"https://portal.example.com:08443":      "a port from 1 to 65535",
		"https://portal.example.com:70000":      "a port from 1 to 65535",
		"https://portal.example.com:443":        "leave the port out",
		"http://localhost:80":                   "leave the port out",
	} {
		found := declare.BaseURL(bad)
		if len(found) != 1 || found[0].Code != orbit.CodeInvalidRequest || found[0].Path != "base_url" || !strings.Contains(found[0].Message, want) {
			t.Errorf("%q: %v, want one error that says %q", bad, found, want)
		}
	}
}

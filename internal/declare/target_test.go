package declare_test

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
)

func TestACatalogTargetIsAURLThatCanBeRead(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"https://github.com/acme/payments/blob/main/catalog-info.yaml": "",
		"http://127.0.0.1:8080/all.yaml?ref=main":                      "",
		"":                                 "has no target",
		"./catalog-info.yaml":              "http or https URL",
		"file:///etc/passwd":               "http or https URL",
		"https://":                         "http or https URL",
		"https:///catalog-info.yaml":       "http or https URL",
		"https://example.com/a b.yaml":     "http or https URL",
		"https://example.com/\n":           "http or https URL",
		"https://bot:s3cret@example.com/a": "has a user in it",
		"ftp://bot:s3cret@example.com/a":   "http or https URL",
		"https://bot:s3cret@exa mple.com/": "http or https URL",
		"https://example.com/" + strings.Repeat("a", 2000): "at most 2000",
	} {
		findings := declare.CatalogTarget(text)
		if says == "" && len(findings) > 0 {
			t.Errorf("%q: %v", text, findings)
		}
		if says != "" && (len(findings) != 1 || !strings.Contains(findings[0].Message, says)) {
			t.Errorf("%q: %v, want one that says %q", text, findings, says)
		}
		if len(findings) > 0 && strings.Contains(findings[0].Message, "s3cret") {
			t.Errorf("%q: the password is in the message: %s", text, findings[0].Message)
		}
	}
}

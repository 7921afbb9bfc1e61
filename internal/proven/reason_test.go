package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestReasonIsTheProblemsOwn(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"wrong role": fmt.Errorf("write: %w", &orbit.Problem{
			Title: "Refused", Detail: "1 problem", Diagnostics: []orbit.Diagnostic{{Message: "wrong role"}},
		}),
		"Missing required config value at 'a.b'": &orbit.Problem{
			Title: "It failed", Detail: "plugin @a/b-backend: Missing required config value at 'a.b'",
		},
		"only a title": &orbit.Problem{Title: "only a title"},
		"something":    errors.New("something"),
	} {
		if got := reasonOf(err); got != want {
			t.Errorf("the reason is %q, want %q", got, want)
		}
	}
}

func TestShortenLeavesOutTheMachine(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"  two\n\tlines ": "two lines",
		"404 Not Found - GET https://npm.example.org/@a%2fb - Not found":                              "404 Not Found - GET …/@a%2fb - Not found",
		"No matching version found for a@^2.\nIn most cases you or one of your dependencies are":      "No matching version found for a@^2.",
		"plugin @a/b: npm: npm error A complete log of this run can be found in: /h/.npm/_logs/1.log": "npm failed and did not say why",
		"ENOENT: open '/var/lib/x/y.json'":                                                            "ENOENT: open '…/'",
		"Cannot find module '/var/c/bundles/ab12/node_modules/a/node_modules/b/index.js'":             "Cannot find module '…/b/index.js'",
		"at file:///c/node_modules/a/x.js:1":                                                          "at …/a/x.js:1",
		"no route /api/argocd":                                                                        "no route /api/argocd",
	} {
		if got := shorten(words); got != want {
			t.Errorf("%q becomes %q, want %q", words, got, want)
		}
	}
}

func TestShortenEndsAtAWord(t *testing.T) {
	t.Parallel()
	got := shorten(strings.Repeat("wörd ", 100))
	if n := utf8.RuneCountInString(got); n > longestReason || n < longestReason-10 {
		t.Errorf("%d characters are left, want nearly %d", n, longestReason)
	}
	if !strings.HasSuffix(got, " wörd…") {
		t.Errorf("it ends %q", got[len(got)-10:])
	}
}

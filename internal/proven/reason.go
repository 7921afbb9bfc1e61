package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// longestReason is how many characters of a reason are kept.
const longestReason = 240

// reasonOf is why a package did not boot, in one line.
func reasonOf(err error) string {
	problem := (*orbit.Problem)(nil)
	if !errors.As(err, &problem) {
		return shorten(err.Error())
	}
	if len(problem.Diagnostics) > 0 {
		return shorten(problem.Diagnostics[0].Message)
	}
	if problem.Detail != "" {
		return shorten(problem.Detail)
	}
	return shorten(problem.Title)
}

var (
	// origins are the parts of addresses that say where somebody's registry is.
	origins = regexp.MustCompile(`\b[a-z][a-z+]*://[^/\s"']*`)
	// installed is the way to what npm installed, folders are a machine's other files.
	installed = regexp.MustCompile(`(?:[^\s"'(\[]*/node_modules/)+`)
	folders   = regexp.MustCompile(`(^|[\s"'(\[])/(?:tmp|var|home|root|usr|opt|work)/[^\s"':,)\]]*`)
	subject   = regexp.MustCompile(`^plugin @?[\w./-]+: `)                                                                         // the table has its name already
	advice    = regexp.MustCompile(`(?s)\s(?:In most cases you or one of your|The requested resource '|Note that you can also).*`) // npm's
	silent    = regexp.MustCompile(`^(?:npm: )?npm error A complete log of this run can be found in: \S*$`)
	spaces    = regexp.MustCompile(`\s+`)
)

// shorten puts words in one line, without what is only true of the machine that they were said on.
func shorten(words string) string {
	words = subject.ReplaceAllString(strings.TrimSpace(words), "")
	if silent.MatchString(words) {
		return "npm failed and did not say why"
	}
	words = advice.ReplaceAllString(words, "")
	words = origins.ReplaceAllString(words, "…")
	words = installed.ReplaceAllString(words, "…/")
	words = folders.ReplaceAllString(words, "$1…/")
	words = strings.TrimSpace(spaces.ReplaceAllString(words, " "))
	runes := []rune(words)
	if len(runes) <= longestReason {
		return words
	}
	kept := string(runes[:longestReason-1])
	if i := strings.LastIndexByte(kept, ' '); i > 0 {
		kept = kept[:i]
	}
	return kept + "…"
}

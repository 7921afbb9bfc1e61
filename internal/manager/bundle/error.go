package bundle

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Error is a set of packages that cannot be installed.
type Error struct {
	// Code is one of package_not_found, version_not_found, unresolvable, install_failed, invalid_package and
	// invalid_version.
	Code orbit.Code
	// Plugin is the package at fault; "" when none can be named.
	Plugin string
	// Detail says what is wrong, in npm's own words where it was npm that said it, without credentials.
	Detail string
}

// Error names the plugin, if one is known, and what is wrong.
func (e *Error) Error() string {
	if e.Plugin != "" {
		return fmt.Sprintf("plugin %s: %s", e.Plugin, e.Detail)
	}
	return e.Detail
}

// npmError is the error object that npm prints with --json.
type npmError struct {
	Code    string `json:"code"`
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
}

// parseNPMError finds npm's error in its output. Where npm gave none, what it printed on stderr is the summary.
func parseNPMError(stdout, stderr []byte) npmError {
	var printed struct {
		Error *npmError `json:"error"`
	}
	if err := json.Unmarshal(stdout, &printed); err == nil && printed.Error != nil {
		return *printed.Error
	}
	return npmError{Summary: tail(string(stderr), maxDetailLines)}
}

// versionMissing says whether npm knows the package and not the version. `npm view` calls that E404 too.
func (e npmError) versionMissing() bool {
	return e.Code == "ETARGET" || e.Code == "E404" && strings.Contains(e.Summary, "No match found for version")
}

func (e npmError) packageMissing() bool { return e.Code == "E404" && !e.versionMissing() }

// subject returns the package that an E404 or ETARGET is about, "" when npm does not say.
func (e npmError) subject() string {
	for _, pattern := range subjectPatterns {
		if match := pattern.FindStringSubmatch(e.Summary + "\n" + e.Detail); match != nil {
			return match[1]
		}
	}
	return ""
}

var subjectPatterns = []*regexp.Regexp{
	regexp.MustCompile(`No matching version found for (@?[^@\s]+)@`),
	regexp.MustCompile(`The requested resource '(@?[^@']+)(?:@[^']*)?' could not be found`),
}

// asError says what npm's error means for the plugins that were being installed.
func (e npmError) asError(plugins []Plugin) *Error {
	found := &Error{Code: orbit.CodeInstallFailed, Detail: e.words()}
	subject := e.subject()
	if len(plugins) == 1 {
		found.Plugin = plugins[0].Package
	}
	asked := false
	for _, plugin := range plugins {
		if plugin.Package == subject {
			asked, found.Plugin = true, subject
		}
	}
	switch {
	case e.packageMissing() && asked:
		found.Code = orbit.CodePackageNotFound
	case e.versionMissing() && asked:
		found.Code = orbit.CodeVersionNotFound
	case len(plugins) == 0:
		// The release itself is locked: whatever npm says, there is no set to choose otherwise.
	case e.packageMissing(), e.versionMissing():
		found.Code = orbit.CodeUnresolvable
		if subject != "" {
			found.Detail = "it depends on " + subject + ", which the registry does not have: " + found.Detail
		}
	case unresolvable[e.Code]:
		found.Code = orbit.CodeUnresolvable
	}
	return found
}

var unresolvable = map[string]bool{
	"ERESOLVE": true, "EBADENGINE": true, "EBADPLATFORM": true, "EUNSUPPORTEDPROTOCOL": true, "EINVALIDPACKAGENAME": true,
	"EINVALIDTAGNAME": true, "EOVERRIDE": true,
}

// maxDetailLines bounds what is quoted from npm.
const maxDetailLines = 15

// words returns what npm said, for people.
func (e npmError) words() string {
	detail, _, _ := strings.Cut(e.Detail, "For a full report see:")
	detail, _, _ = strings.Cut(detail, "Note that you can also install from a")
	var parts []string
	for _, part := range []string{e.Summary, detail} {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	said := withoutCredentials(tail(strings.Join(parts, "\n"), maxDetailLines))
	switch {
	case said == "" && e.Code == "":
		return "npm failed and did not say why"
	case e.Code == "":
		return "npm: " + said
	case said == "":
		return "npm: " + e.Code
	default:
		return "npm: " + e.Code + ": " + said
	}
}

var (
	urlCredentials = regexp.MustCompile(`([a-z][a-z0-9+.-]*://)[^/@\s'"]+@`)
	urlQuery       = regexp.MustCompile(`([a-z][a-z0-9+.-]*://[^\s'"?]+)\?[^\s'"]*`)
	credential     = regexp.MustCompile(
		`(?i)(_authToken|_auth|_password|authorization|bearer|basic)(["']?\s*[=: ]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"']+`)
	npmToken = regexp.MustCompile(`\bnpm_[A-Za-z0-9]{20,}`)
)

// withoutCredentials removes what npm could have quoted from the user's npm configuration.
func withoutCredentials(text string) string {
	text = urlCredentials.ReplaceAllString(text, "$1")
	text = urlQuery.ReplaceAllString(text, "$1")
	text = credential.ReplaceAllString(text, "$1$2***")
	return npmToken.ReplaceAllString(text, "***")
}

// tail returns the last n lines of text that are not empty.
func tail(text string, n int) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

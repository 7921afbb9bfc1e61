package npm

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Failure is an npm that ran and failed.
type Failure struct {
	// Command is the command that failed: install, view and so on.
	Command string
	// Code is npm's own, E404 for example; "" where npm gave none.
	Code string
	// Summary and Detail are npm's words. They can quote credentials: Words is what may be shown.
	Summary, Detail string
}

// Error says which command failed and why, in npm's words.
func (f *Failure) Error() string { return "npm " + f.Command + " failed: " + f.Words() }

// newFailure finds npm's error in its output, the object that --json makes it print. Where npm gave none, what it
// printed on stderr is the summary: the lines about what it fetched only where they say what is missing, because npm 11
// says nothing else where several packages are.
func newFailure(command string, stdout, stderr []byte) *Failure {
	var printed struct {
		Error *struct {
			Code    string `json:"code"`
			Summary string `json:"summary"`
			Detail  string `json:"detail"`
		} `json:"error"`
	}
	if err := json.Unmarshal(stdout, &printed); err == nil && printed.Error != nil {
		return &Failure{Command: command, Code: printed.Error.Code, Summary: printed.Error.Summary, Detail: printed.Error.Detail}
	}
	if missing := notFound(string(stderr)); len(missing) > 0 {
		return &Failure{Command: command, Code: "E404", Summary: "Not Found: " + strings.Join(missing, ", "),
			Detail: "The requested resource '" + missing[0] + "' could not be found"}
	}
	return &Failure{Command: command, Summary: tail(fetched.ReplaceAllString(string(stderr), ""), maxDetailLines)}
}

var (
	fetched  = regexp.MustCompile(`(?m)^npm (?:http|info) .*\n?`)
	fetch404 = regexp.MustCompile(`(?m)^npm http fetch GET 404 \S*/(\S+) `)
)

// notFound are the packages that the registry did not have, in what npm prints with --loglevel=http.
func notFound(stderr string) []string {
	var names []string
	for _, match := range fetch404.FindAllStringSubmatch(stderr, -1) {
		if name, err := url.PathUnescape(match[1]); err == nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// VersionMissing says whether the registry has the package and not the version. `npm view` calls that E404 too.
func (f *Failure) VersionMissing() bool {
	return f.Code == "ETARGET" || f.Code == "E404" && strings.Contains(f.Summary, "No match found for version")
}

// PackageMissing says whether the registry does not have the package.
func (f *Failure) PackageMissing() bool { return f.Code == "E404" && !f.VersionMissing() }

// Unresolvable says whether the packages exist and cannot be had together, or not here.
func (f *Failure) Unresolvable() bool { return unresolvable[f.Code] }

// Refused says whether the registry wants credentials, or others than it was given.
func (f *Failure) Refused() bool {
	return f.Code == "E401" || f.Code == "E403" || f.Code == "ENEEDAUTH"
}

// codeTooLarge is the code of an npm that met Call.MaxFile. One on a Node.js that lets the signal end it says nothing.
const codeTooLarge = "EFBIG"

// FileTooLarge says whether npm met Call.MaxFile.
func (f *Failure) FileTooLarge() bool { return f.Code == codeTooLarge }

// Tampered says whether a tarball is not the one that the lockfile has the hash of.
func (f *Failure) Tampered() bool { return f.Code == "EINTEGRITY" }

// FromGit says whether a package comes from a git repository, which orbitd does not let npm fetch.
func (f *Failure) FromGit() bool { return f.Code == "EALLOWGIT" || f.Code == "ENOGIT" }

var unresolvable = map[string]bool{
	"ERESOLVE": true, "EBADENGINE": true, "EBADPLATFORM": true, "EUNSUPPORTEDPROTOCOL": true, "EINVALIDPACKAGENAME": true,
	"EINVALIDTAGNAME": true, "EOVERRIDE": true,
}

// Subject is the package that a missing package or version, or one from git, is about, "" when npm does not say.
func (f *Failure) Subject() string {
	for _, pattern := range subjectPatterns {
		if match := pattern.FindStringSubmatch(f.Summary + "\n" + f.Detail); match != nil {
			return match[1]
		}
	}
	return ""
}

var subjectPatterns = []*regexp.Regexp{
	regexp.MustCompile(`No matching version found for (@?[^@\s]+)@`),
	regexp.MustCompile(`The requested resource '(@?[^@']+)(?:@[^']*)?' could not be found`),
	regexp.MustCompile(`Refusing to fetch "(@?[^@"]+)@`),
}

// maxDetailLines bounds what is quoted from npm.
const maxDetailLines = 15

// Words are what npm said, for people, without credentials.
func (f *Failure) Words() string {
	detail, _, _ := strings.Cut(f.Detail, "For a full report see:")
	detail, _, _ = strings.Cut(detail, "Note that you can also install from a")
	var parts []string
	for _, part := range []string{f.Summary, detail} {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	said := WithoutCredentials(tail(strings.Join(parts, "\n"), maxDetailLines))
	switch {
	case said == "" && f.Code == "":
		return "npm failed and did not say why"
	case f.Code == "":
		return "npm: " + said
	case said == "":
		return "npm: " + f.Code
	default:
		return "npm: " + f.Code + ": " + said
	}
}

var (
	urlCredentials = regexp.MustCompile(`([a-z][a-z0-9+.-]*://)[^/@\s'"]+@`)
	urlQuery       = regexp.MustCompile(`([a-z][a-z0-9+.-]*://[^\s'"?]+)\?[^\s'"]*`)
	credential     = regexp.MustCompile(
		`(?i)(_authToken|_auth|_password|authorization|bearer|basic)(["']?\s*[=: ]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"']+`)
	npmToken = regexp.MustCompile(`\bnpm_[A-Za-z0-9]{20,}`)
)

// WithoutCredentials removes what npm could have quoted from the user's npm configuration.
func WithoutCredentials(text string) string {
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

package gateway

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// statusAbsent is for a request that no process has seen.
	statusAbsent = http.StatusServiceUnavailable
	// statusClientGone is written where the client went away. Nobody reads it; without it net/http would answer 200.
	statusClientGone = 499
)

// The page and its parts. Style and script are in it: there may be nothing to fetch them from.
var (
	//go:embed answer.html
	pageText string
	//go:embed answer.css
	pageStyle string
	//go:embed answer.js
	pageScript string

	page = template.Must(template.New("answer").Parse(pageText))
	// pagePolicy lets the page be what it is, and ask the address that it came from.
	pagePolicy = "default-src 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) +
		"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// hash is how a Content-Security-Policy names a style or script.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// answerUnknownHost says no more than that: which workspaces there are is nobody's business.
func answerUnknownHost(w http.ResponseWriter, r *http.Request) {
	answer(w, r, 0, &orbit.Problem{
		Title:  "No workspace has this host name",
		Status: http.StatusNotFound,
		Code:   orbit.CodeUnknownHost,
		Detail: "The host name of the address is not one that is served here. Check its spelling.",
	})
}

// answerUnavailable is for a request that no process has seen.
func answerUnavailable(w http.ResponseWriter, r *http.Request, workspace string, why Absence, doing string) {
	problem, retryAfter := why.problem(workspace, doing)
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	answer(w, r, retryAfter, problem)
}

// AnswerStarting answers a request that came before its gateway, whose orbitd starts, as the gateway does where an instance
// starts. The problem is what programs are told.
func AnswerStarting(w http.ResponseWriter, r *http.Request, problem *orbit.Problem) {
	_, again := Starting.problem("", "")
	answer(w, r, again, problem)
}

// answerNoAnswer is for a request that was given to a process, or would have been.
func answerNoAnswer(w http.ResponseWriter, r *http.Request, workspace, reason string) {
	answer(w, r, 0, &orbit.Problem{
		Title:  "Backstage of workspace " + workspace + " gave no answer",
		Status: http.StatusBadGateway,
		Code:   orbit.CodeInstanceNoAnswer,
		Detail: reason,
	})
}

// answer writes the problem as a page for a browser and as an RFC 9457 document for everybody else. A page that is worth
// asking for again goes on by itself.
func answer(w http.ResponseWriter, r *http.Request, again time.Duration, problem *orbit.Problem) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept, Sec-Fetch-Dest")
	header.Set("X-Content-Type-Options", "nosniff")
	if !wantsPage(r.Header) {
		orbit.WriteProblem(w, problem)
		return
	}
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !reading {
		again = 0 // to go on would be to ask for another thing
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(problem.Status)
	_ = page.Execute(w, struct {
		*orbit.Problem
		Style  template.CSS
		Script template.JS
		Again  int  // seconds until the page asks again; 0: it does not
		Unsent bool // what the visitor sent reached nobody
	}{problem, template.CSS(pageStyle), template.JS(pageScript), int(again.Seconds()), //nolint:gosec // embedded
		!reading && problem.Status == statusAbsent})
}

// navigates says whether a browser opens an address: somebody looks at a white page until there is an answer.
func navigates(r *http.Request) bool { return r.Method == http.MethodGet && wantsPage(r.Header) }

// wantsPage says whether the client names HTML among what it accepts, as browsers do when they open an address. For what
// a page is made of they say that it is that, where they trust the address.
func wantsPage(header http.Header) bool {
	if dest := header.Get("Sec-Fetch-Dest"); dest != "" && dest != "document" {
		return false
	}
	for _, accept := range header["Accept"] {
		for part := range strings.SplitSeq(accept, ",") {
			kind, _, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(kind), "text/html") {
				return true
			}
		}
	}
	return false
}

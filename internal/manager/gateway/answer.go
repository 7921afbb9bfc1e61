package gateway

import (
	_ "embed"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// statusClientGone is written where the client went away. Nobody reads it; without it net/http would answer 200.
const statusClientGone = 499

// retryAfter is how many seconds a client should wait before it asks an unavailable instance again.
const retryAfter = 2

//go:embed answer.html
var pageText string

var page = template.Must(template.New("answer").Parse(pageText))

// answerUnknownHost says no more than that: which workspaces there are is nobody's business.
func answerUnknownHost(w http.ResponseWriter, r *http.Request) {
	answer(w, r, &orbit.Problem{
		Title:  "No workspace has this host name",
		Status: http.StatusNotFound,
		Code:   orbit.CodeUnknownHost,
		Detail: "The host name of the address is not one that is served here. Check its spelling.",
	})
}

// answerUnavailable is for a request that no process has seen. The reason may be empty.
func answerUnavailable(w http.ResponseWriter, r *http.Request, workspace, reason string) {
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	if reason == "" {
		reason = "No process of it takes requests now."
	}
	answer(w, r, &orbit.Problem{
		Title:  "Backstage of workspace " + workspace + " is not available",
		Status: http.StatusServiceUnavailable,
		Code:   orbit.CodeInstanceUnavailable,
		Detail: reason + " Try again in a few seconds.",
	})
}

// answerNoAnswer is for a request that was given to a process, or would have been.
func answerNoAnswer(w http.ResponseWriter, r *http.Request, workspace, reason string) {
	answer(w, r, &orbit.Problem{
		Title:  "Backstage of workspace " + workspace + " gave no answer",
		Status: http.StatusBadGateway,
		Code:   orbit.CodeInstanceNoAnswer,
		Detail: reason,
	})
}

// answer writes the problem as a page for a browser and as an RFC 9457 document for everybody else.
func answer(w http.ResponseWriter, r *http.Request, problem *orbit.Problem) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	if !wantsPage(r.Header) {
		orbit.WriteProblem(w, problem)
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.WriteHeader(problem.Status)
	_ = page.Execute(w, struct {
		*orbit.Problem
		Refresh int // seconds until the page asks again; 0: it does not
	}{problem, refresh(r, problem)})
}

// refresh lets a page that waits for an instance look again by itself, where looking does no harm.
func refresh(r *http.Request, problem *orbit.Problem) int {
	if r.Method == http.MethodGet && problem.Status == http.StatusServiceUnavailable {
		return retryAfter
	}
	return 0
}

// wantsPage says whether the client names HTML among what it accepts, as browsers do when they open an address.
func wantsPage(header http.Header) bool {
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

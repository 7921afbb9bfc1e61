package gateway_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// opens makes the request one of a browser that opens the address.
func opens(r *http.Request) *http.Request {
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	return r
}

// hashOf is how a Content-Security-Policy names a style or script.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func TestAClientIsToldWhyAWorkspaceIsAwayAndWhenToAskAgain(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	for absence, want := range map[gateway.Absence]struct{ title, detail, after string }{
		gateway.Unavailable: {"Backstage of workspace acme is not available", "No process", "2"},
		gateway.Starting:    {"Backstage of workspace acme is starting", "not ready", "2"},
		gateway.Failed:      {"Backstage of workspace acme could not be started", "platform team", "10"},
		gateway.Stopped:     {"Backstage of workspace acme is stopped", "platform team", "30"},
		gateway.Ending:      {"Backstage of workspace acme is not available", "restarted", "2"},
	} {
		f.Fail("acme", absence)
		response := f.do(t, newRequest(t, http.MethodPost, "acme.localhost", "/api/x", strings.NewReader("body")))
		problem := problemOf(t, response)
		if problem.Status != http.StatusServiceUnavailable || problem.Code != orbit.CodeInstanceUnavailable ||
			problem.Title != want.title || !strings.Contains(problem.Detail, want.detail) {
			t.Errorf("problem is %+v, want %+v", problem, want)
		}
		if got := response.Header.Get("Retry-After"); got != want.after {
			t.Errorf("%s: Retry-After is %q, want %s", want.title, got, want.after)
		}
	}
}

func TestOnlyWhoOpensAPageGetsOne(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Fail("acme", gateway.Starting)
	const browser, script, image = "text/html,*/*;q=0.8", "*/*", "image/avif,image/webp,*/*"
	for _, c := range []struct {
		method, accept, dest string
		page, goesOn         bool
	}{
		{http.MethodGet, browser, "document", true, true},
		{http.MethodGet, browser, "", true, true},
		{http.MethodHead, browser, "document", true, true},
		{http.MethodPost, browser, "document", true, false},
		{http.MethodGet, browser, "iframe", false, false},
		{http.MethodGet, browser, "script", false, false},
		{http.MethodGet, script, "script", false, false},
		{http.MethodGet, image, "image", false, false},
		{http.MethodGet, script, "empty", false, false},
		{http.MethodGet, "", "", false, false},
	} {
		r := newRequest(t, c.method, "acme.localhost", "/catalog?filter=a", nil)
		r.Header.Set("Accept", c.accept)
		if c.dest != "" {
			r.Header.Set("Sec-Fetch-Dest", c.dest)
		}
		response := f.do(t, r)
		body, header := read(t, response), response.Header
		if page := strings.HasPrefix(header.Get("Content-Type"), "text/html"); page != c.page {
			t.Errorf("%+v: it gets %s", c, header.Get("Content-Type"))
		}
		if response.StatusCode != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || header.Get("Cache-Control") != "no-store" ||
			header.Get("Vary") != "Accept, Sec-Fetch-Dest" {
			t.Errorf("%+v: %d with %v", c, response.StatusCode, header)
		}
		if c.method == http.MethodHead {
			if body != "" {
				t.Errorf("the answer to HEAD has the body %q", body)
			}
			continue
		}
		if goesOn := strings.Contains(body, "<script>") && strings.Contains(body, `http-equiv="refresh"`); goesOn != c.goesOn {
			t.Errorf("%+v: goes on by itself: %v\n%s", c, goesOn, body)
		}
	}
}

// TestThePageIsWhatItsPolicyAllows would fail in a browser as a page without style that stays where it is.
func TestThePageIsWhatItsPolicyAllows(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Fail("acme", gateway.Starting)
	f.Tell("acme", "<b>packing</b>")
	response := f.do(t, opens(newRequest(t, http.MethodGet, "acme.localhost", "/", nil)))
	body, policy := read(t, response), response.Header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the policy is %s", policy)
	}
	for element, directive := range map[string]string{"style": "style-src", "script": "script-src"} {
		inner := regexp.MustCompile(`(?s)<` + element + `>(.*?)</` + element + `>`).FindStringSubmatch(body)
		if inner == nil || !strings.Contains(policy, directive+" "+hashOf(inner[1])) {
			t.Errorf("the policy %s does not have the page's %s", policy, element)
		}
	}
	if strings.Contains(body, "<b>") || !strings.Contains(body, "It is not ready yet: &lt;b&gt;packing&lt;/b&gt;.") {
		t.Errorf("the page is\n%s", body)
	}
	if from := regexp.MustCompile(`(src|href|url\()`).FindString(body); from != "" {
		t.Errorf("the page fetches something: %s", from)
	}
}

func TestWhatIsDoneIsToldWhileNothingServes(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Tell("globex", "starting Backstage")
	if status, _ := f.get(t, "globex.localhost", "/"); status != http.StatusNotFound {
		t.Errorf("telling made a workspace: it is answered %d", status)
	}
	detail := func() string {
		t.Helper()
		return problemOf(t, f.do(t, newRequest(t, http.MethodGet, "acme.localhost", "/", nil))).Detail
	}
	f.Fail("acme", gateway.Failed)
	f.Tell("acme", "starting Backstage")
	if got := detail(); got != "It is not ready yet: starting Backstage." {
		t.Errorf("an instance that is tried again is told as %q", got)
	}
	f.Fail("acme", gateway.Failed)
	if got := detail(); strings.Contains(got, "starting") {
		t.Errorf("after it failed it is told as %q", got)
	}
	f.Switch("acme", newBackend(t, says("acme")))
	f.Tell("acme", "starting Backstage")
	if _, body := f.get(t, "acme.localhost", "/"); body != "acme" {
		t.Errorf("telling took it out of service: %q", body)
	}
}

func TestWhoOpensAPageIsNotKeptWaitingForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{PageAfter: 3 * time.Second})
		m.start(t, "new:1", says("new"))
		g.Hold("acme")
		client := ask(t.Context(), g, http.MethodGet, "")
		form := askAs(t.Context(), g, http.MethodPost, opens)
		page := askAs(t.Context(), g, http.MethodGet, opens)
		time.Sleep(time.Second)
		g.Tell("acme", "cloning the database") // gives nobody more time
		got, took := page.answer()
		if !strings.HasPrefix(got, "503 <!doctype html>") || took != 3*time.Second || !strings.Contains(got, "is being updated") ||
			!strings.Contains(got, ": cloning the database.") {
			t.Errorf("the browser's answer after %s is %q, want the page after 3s", took, got)
		}
		again := askAs(t.Context(), g, http.MethodGet, opens)
		time.Sleep(2 * time.Second)
		if client.over() || form.over() || again.over() {
			t.Fatal("a request did not wait")
		}
		g.Switch("acme", "new:1")
		for _, a := range []*asked{client, form, again} {
			if got, _ := a.answer(); got != "200 new" {
				t.Errorf("answer is %q", got)
			}
		}
		drain(t, g.Remove("acme"))
	})
}

func TestABrowserSeesThatOrbitdStarts(t *testing.T) {
	t.Parallel()
	problem := &orbit.Problem{Status: http.StatusServiceUnavailable, Code: orbit.CodeStarting, Title: "Not ready yet", Detail: "orbitd is starting"}
	w := httptest.NewRecorder()
	gateway.AnswerStarting(w, opens(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)), problem)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "Not ready yet") || !strings.Contains(w.Body.String(), "<script>") {
		t.Errorf("a browser gets %d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	gateway.AnswerStarting(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), problem)
	if got := w.Header().Get("Content-Type"); got != orbit.ProblemMediaType {
		t.Errorf("a program gets %s", got)
	}
}

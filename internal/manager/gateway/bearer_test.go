package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// echoing is a process that answers with the Authorization headers that reach it.
func echoing(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, strings.Join(r.Header["Authorization"], "|"))
}

// exchanging knows one token, of acme.
func exchanging(workspace, token string) (string, bool) {
	return "signed-for-" + workspace, workspace == "acme" && token == "orbit_access_good"
}

func TestAnAccessTokenIsReplacedOnItsWay(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.ExchangeTokens(exchanging)
	for _, workspace := range []string{"acme", "globex"} {
		f.Switch(workspace, newBackend(t, echoing))
	}
	const good = "orbit_access_good"
	for _, test := range []struct {
		name, host    string
		authorization []string
		want          string // "" is 401
	}{
		{"its own workspace", "acme", []string{"Bearer " + good}, "Bearer signed-for-acme"},
		{"a scheme in lower case", "acme", []string{"bearer " + good}, "Bearer signed-for-acme"},
		{"more spaces", "acme", []string{"BEARER  \t " + good}, "Bearer signed-for-acme"},
		{"another workspace", "globex", []string{"Bearer " + good}, ""},
		{"an unknown one", "acme", []string{"Bearer orbit_access_bad"}, ""},
		{"something behind it", "acme", []string{"Bearer " + good + " x"}, ""},
		{"odd bytes", "acme", []string{"Bearer orbit_access_\xff\x80"}, ""},
		{"two headers, ours first", "acme", []string{"Bearer " + good, "Bearer x"}, ""},
		{"two headers, ours last", "acme", []string{"Bearer x", "Bearer " + good}, ""},
		{"the same twice", "acme", []string{"Bearer " + good, "Bearer " + good}, ""},
		{"none", "acme", nil, "|"},
		{"an empty one", "acme", []string{""}, "|"},
		{"a user's", "acme", []string{"Bearer eyJhbGciOiJFUzI1NiJ9"}, "Bearer eyJhbGciOiJFUzI1NiJ9"},
		{"another scheme", "acme", []string{"Basic " + good}, "Basic " + good},
		{"two of users", "acme", []string{"Bearer a", "Bearer b"}, "Bearer a|Bearer b"},
		{"less than the prefix", "acme", []string{"Bearer orbit"}, "Bearer orbit"},
		{"a token of the API", "acme", []string{"Bearer orbit_0192_secret"}, ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := newRequest(t, method, test.host+".localhost", "/", strings.NewReader("body"))
			r.Header["Authorization"] = test.authorization
			response := f.do(t, r)
			if test.want == "" {
				problem := problemOf(t, response)
				if response.StatusCode != http.StatusUnauthorized || problem.Code != orbit.CodeUnauthorized ||
					!strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Bearer ") {
					t.Errorf("%s %s: %d %+v, want 401 and a challenge", method, test.name, response.StatusCode, problem)
				}
				continue
			}
			if got := read(t, response); response.StatusCode != http.StatusOK || got != strings.Trim(test.want, "|") {
				t.Errorf("%s %s: %d, the process sees %q, want %q", method, test.name, response.StatusCode, got, test.want)
			}
		}
	}
}

func TestAnAccessTokenIsExchangedAfterTheWait(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	var revoked atomic.Bool
	f.ExchangeTokens(func(workspace, token string) (string, bool) { return "x", !revoked.Load() })
	f.Switch("acme", newBackend(t, echoing))
	f.Hold("acme")
	status := make(chan int)
	go func() {
		r := newRequest(t, http.MethodGet, "acme.localhost", "/", nil)
		r.Header.Set("Authorization", "Bearer orbit_access_x")
		response, err := f.client.Do(r)
		if err != nil {
			t.Error(err)
			close(status)
			return
		}
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	eventually(t, "the request to wait", func() bool { return len(goroutinesIn("(*route).wait")) > 0 })
	revoked.Store(true)
	f.Release("acme")
	if got := receive(t, status, "an answer"); got != http.StatusUnauthorized {
		t.Errorf("a token that was revoked while its request waited gives %d", got)
	}
}

func TestAGatewayInFrontOfAnotherLeavesAccessTokensToIt(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.ExchangeTokens(exchanging)
	f.ExchangeTokens(nil)
	f.Switch("acme", newBackend(t, echoing))
	r := newRequest(t, http.MethodGet, "acme.localhost", "/", nil)
	r.Header.Set("Authorization", "Bearer orbit_access_any")
	if got := read(t, f.do(t, r)); got != "Bearer orbit_access_any" {
		t.Errorf("the other one sees %q", got)
	}
}

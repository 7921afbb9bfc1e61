package orbit_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// nobody is an endpoint that refuses connections: no test's server is ever given a port that low.
const nobody = "http://127.0.0.1:1"

// serve runs an API of one handler and returns a client for it.
func serve(t *testing.T, handler http.HandlerFunc) *orbit.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return dial(t, orbit.ClientOptions{Endpoint: server.URL, Token: "secret-token"})
}

func dial(t *testing.T, options orbit.ClientOptions) *orbit.Client {
	t.Helper()
	client, err := orbit.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	if _, isProblem := body.(orbit.Problem); isProblem {
		w.Header().Set("Content-Type", "application/problem+json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func TestACreatingWriteSaysSoAndCarriesItsBody(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	var body map[string]any
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Clone(context.Background())
		_ = json.NewDecoder(r.Body).Decode(&body)
		answer(w, http.StatusAccepted, orbit.Change{ID: "c1", State: orbit.ChangePending})
	})

	change, err := client.PutInstance(t.Context(), "acme", orbit.IfAbsent(), orbit.InstanceWrite{
		InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", MemoryLimitMiB: 512},
		Secrets:      map[string]string{},
		WriteOptions: orbit.WriteOptions{MaxImpact: orbit.ImpactLive, DeadlineSeconds: 60},
	})
	if err != nil {
		t.Fatal(err)
	}
	if change.ID != "c1" {
		t.Errorf("change id = %q, want c1", change.ID)
	}
	if got, want := seen.Method+" "+seen.URL.EscapedPath(), "PUT /v1/instances/acme"; got != want {
		t.Errorf("request = %q, want %q", got, want)
	}
	for header, want := range map[string]string{
		"If-None-Match": "*", "If-Match": "", "Authorization": "Bearer secret-token", "Content-Type": "application/json",
	} {
		if got := seen.Header.Get(header); got != want {
			t.Errorf("%s = %q, want %q", header, got, want)
		}
	}
	if seen.Header.Get("Idempotency-Key") == "" {
		t.Error("a creating write has no Idempotency-Key")
	}
	want := map[string]any{
		"release": "1.55.0", "memory_limit_mib": 512.0, "deletion_protection": false, "secrets": map[string]any{},
		"max_impact": "live", "deadline_seconds": 60.0,
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestAChangingWriteCarriesTheETagAlone(t *testing.T) {
	t.Parallel()
	var header http.Header
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		answer(w, http.StatusAccepted, orbit.Change{ID: "c1"})
	})
	if _, err := client.PutInstance(t.Context(), "acme", orbit.IfMatch("v1"), orbit.InstanceWrite{}); err != nil {
		t.Fatal(err)
	}
	got := []string{header.Get("If-Match"), header.Get("If-None-Match"), header.Get("Idempotency-Key")}
	if diff := cmp.Diff([]string{`"v1"`, "", ""}, got); diff != "" {
		t.Errorf("If-Match, If-None-Match, Idempotency-Key (-want +got):\n%s", diff)
	}
}

func TestAPackageIsOneSegmentOfThePath(t *testing.T) {
	t.Parallel()
	var path string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.RequestURI
		answer(w, http.StatusOK, orbit.Plugin{Package: "@roadiehq/backstage-plugin-argo-cd-backend"})
	})
	_, err := client.GetPlugin(t.Context(), "acme", "@roadiehq/backstage-plugin-argo-cd-backend")
	if err != nil {
		t.Fatal(err)
	}
	if want := "/v1/instances/acme/plugins/%40roadiehq%2Fbackstage-plugin-argo-cd-backend"; path != want {
		t.Errorf("path = %s, want %s", path, want)
	}
}

func TestAProblemReachesTheCallerAsItIs(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		answer(w, http.StatusConflict, orbit.Problem{
			Title: "Unable to create instance acme", Code: orbit.CodeAlreadyExists, Detail: "import it", RequestID: "r-7",
		})
	})
	_, err := client.PutInstance(t.Context(), "acme", orbit.IfAbsent(), orbit.InstanceWrite{})
	var problem *orbit.Problem
	if !errors.As(err, &problem) {
		t.Fatalf("error is %T (%v), want *orbit.Problem", err, err)
	}
	if problem.RequestID != "r-7" || problem.Status != http.StatusConflict || !orbit.HasCode(err, orbit.CodeAlreadyExists) {
		t.Errorf("problem = %+v", problem)
	}
	if asked.Load() != 1 {
		t.Errorf("a conflict was asked %d times, want once", asked.Load())
	}
}

func TestAnAnswerOfSomethingElseIsNamedAndNotQuoted(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "edge-1")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<html>internal page</html>")
	})
	_, err := client.GetInstance(t.Context(), "acme")
	var problem *orbit.Problem
	if !errors.As(err, &problem) {
		t.Fatalf("error is %T (%v), want *orbit.Problem", err, err)
	}
	if !strings.Contains(problem.Error(), "403 Forbidden") || strings.Contains(problem.Error(), "html") {
		t.Errorf("error = %q", problem.Error())
	}
	if problem.RequestID != "edge-1" {
		t.Errorf("request id = %q, want edge-1", problem.RequestID)
	}
}

func TestACreateThatIsRepeatedKeepsItsIdempotencyKey(t *testing.T) {
	t.Parallel()
	var keys []string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		if len(keys) == 1 {
			panic(http.ErrAbortHandler) // the connection breaks; nobody knows whether the write was carried out
		}
		answer(w, http.StatusAccepted, orbit.Change{ID: "c1"})
	})
	if _, err := client.PutInstance(t.Context(), "acme", orbit.IfAbsent(), orbit.InstanceWrite{}); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 2 || keys[0] == "" || keys[0] != keys[1] {
		t.Errorf("keys = %q, want the same one twice", keys)
	}
}

func TestAnUpdateWhoseFateIsUnknownIsNotRepeated(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	client := serve(t, func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	})
	_, err := client.PutInstance(t.Context(), "acme", orbit.IfMatch(`"v1"`), orbit.InstanceWrite{})
	if !orbit.IsUnreachable(err) {
		t.Errorf("error = %v, want a connection error", err)
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times, want once", asked.Load())
	}
}

func TestABusyServerIsAskedAgainWhenItSays(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			answer(w, http.StatusServiceUnavailable, orbit.Problem{Title: "orbitd is starting", Code: orbit.CodeStarting})
			return
		}
		answer(w, http.StatusAccepted, orbit.Change{ID: "c1"})
	})
	started := time.Now()
	if _, err := client.PutInstance(t.Context(), "acme", orbit.IfMatch(`"v1"`), orbit.InstanceWrite{}); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(started); waited < time.Second {
		t.Errorf("asked again after %s, want Retry-After's second to pass", waited)
	}
}

func TestTheLastAnswerOfABusyServerReachesTheCaller(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		answer(w, http.StatusServiceUnavailable, orbit.Problem{Title: "orbitd is starting", Code: orbit.CodeStarting})
	})
	if _, err := client.GetInstance(t.Context(), "acme"); !orbit.HasCode(err, orbit.CodeStarting) {
		t.Errorf("error = %v, want the server's own problem", err)
	}
}

func TestAManagerThatDoesNotRunIsReportedSoonAndByName(t *testing.T) {
	t.Parallel()
	client := dial(t, orbit.ClientOptions{Endpoint: nobody + "/"})
	started := time.Now()
	_, err := client.GetInstance(t.Context(), "acme")
	if !orbit.IsUnreachable(err) {
		t.Fatalf("error = %v, want a connection error", err)
	}
	for _, want := range []string{nobody + " ", "connection refused", "orbitd serve"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %s, want a few seconds at most", took)
	}
}

func TestTheTokenIsAskedForEveryRequestAndNeverShown(t *testing.T) {
	t.Parallel()
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		answer(w, http.StatusUnauthorized, orbit.Problem{Title: "Unauthorized", Code: orbit.CodeUnauthorized})
	}))
	t.Cleanup(server.Close)
	tokens := []string{"first-token", "second-token"}
	client := dial(t, orbit.ClientOptions{Endpoint: server.URL, TokenSource: func(context.Context) (string, error) {
		next := tokens[0]
		tokens = tokens[1:]
		return next, nil
	}})
	for range 2 {
		_, err := client.GetInstance(t.Context(), "acme")
		if !orbit.HasCode(err, orbit.CodeUnauthorized) || strings.Contains(err.Error(), "-token") {
			t.Errorf("error = %v, want unauthorized without the token", err)
		}
	}
	if diff := cmp.Diff([]string{"Bearer first-token", "Bearer second-token"}, seen); diff != "" {
		t.Errorf("Authorization (-want +got):\n%s", diff)
	}
}

func TestAnEndpointThatIsNoURLIsRefused(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"127.0.0.1:7070", "ftp://orbit", "http://", "http://user:pw@orbit", "http://a\x00"} {
		if _, err := orbit.NewClient(orbit.ClientOptions{Endpoint: endpoint}); err == nil {
			t.Errorf("endpoint %q was taken", endpoint)
		} else if strings.Contains(err.Error(), "pw") {
			t.Errorf("error %q shows the password", err)
		}
	}
}

func TestAListIsReadPageByPage(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, orbit.Page[orbit.Instance]{
			Items: []orbit.Instance{{Workspace: r.URL.RawQuery}}, Next: "n2",
		})
	})
	page, err := client.ListInstances(t.Context(), orbit.InstanceQuery{PageOptions: orbit.PageOptions{Limit: 5, Cursor: "n1"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := page.Items[0].Workspace; got != "cursor=n1&limit=5" || page.Next != "n2" {
		t.Errorf("query = %q, next = %q", got, page.Next)
	}
}

package manager_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// at declares where the instance is.
func at(baseURL string) func(*orbit.InstanceWrite) {
	return func(w *orbit.InstanceWrite) { w.BaseURL = baseURL }
}

// askHost requests a page through the gateway, as a program or as a browser does, and returns the status, and the body or
// where the answer leads.
func askHost(t *testing.T, s *managertest.Server, host, accept string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Manager.GatewayAddress()+"/catalog?a=b", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Accept", accept)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if to := response.Header.Get("Location"); to != "" {
		return response.StatusCode, to
	}
	return response.StatusCode, string(body)
}

const asProgram, asBrowser = "application/json", "text/html,application/xhtml+xml;q=0.9"

func TestAnInstanceAnswersUnderItsBaseURL(t *testing.T) {
	t.Parallel()
	s, c := patientServer(t)
	const first, second = "first.portal.example", "second.portal.example"
	declare(t, c, "own", title("Own"), at("https://"+first+":8443"))
	created := instance(t, c, "own")
	if created.URL != "https://"+first+":8443" || created.APIURL != created.URL+"/api" || created.BaseURL != created.URL {
		t.Errorf("it is at %s with its API at %s", created.URL, created.APIURL)
	}
	wants := func(when, host, accept string, status int, says string) {
		t.Helper()
		if got, text := askHost(t, s, host, accept); got != status || !strings.Contains(text, says) {
			t.Errorf("%s %s is answered %d %.300s, want %d with %s", when, host, got, text, status, says)
		}
	}
	wants("at first", first, asBrowser, 200, `"https://`+first+`:8443"`)
	wants("at first", "own.localhost", asProgram, 200, `"https://`+first)
	wants("at first", "own.localhost", asBrowser, 307, "https://"+first+":8443/catalog?a=b")

	busyAt(t, s, c, "own", "https://"+second)
	for _, when := range []string{"while the process before has tasks", "after a restart of orbitd"} {
		wants(when, second, asBrowser, 200, `"https://`+second)
		wants(when, first, asProgram, 200, `"https://`+second)
		wants(when, first, asBrowser, 307, "https://"+second+"/catalog?a=b")
		wants(when, "own.localhost", asBrowser, 307, "https://"+second+"/catalog?a=b")
		s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: "own", Hang: true, Times: 1})
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	change := declare(t, c, "own", title(brokenTitle), at("https://third.portal.example"))
	if change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s", change.State)
	}
	wants("after it was put back", second, asProgram, 200, `"https://`+second)
	wants("after it was put back", "third.portal.example", asProgram, 404, "unknown_host")
	if now := instance(t, c, "own"); now.URL != "https://"+second {
		t.Errorf("after it was put back it is at %s", now.URL)
	}

	applied(t, declare(t, c, "own", title("Own")), orbit.ImpactRestart)
	within(t, "the processes before to end", func() bool { return len(s.Runtime.Processes("own")) == 1 })
	within(t, "its own host to be forgotten", func() bool {
		status, _ := askHost(t, s, second, asProgram)
		return status == http.StatusNotFound
	})
	wants("without a base URL", "own.localhost", asBrowser, 200, "http://own.localhost:")
	wants("without a base URL", first, asProgram, 404, "unknown_host")
}

func TestAHostIsOneInstances(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "holder", title("Holder"), at("https://held.example"))
	for name, write := range map[string]string{
		"another's":            "https://held.example",
		"another's, at a port": "https://held.example:8443",
		"under the domain":     "https://else.localhost",
		"its own":              "https://claimer.localhost",
		"the domain":           "https://localhost",
	} {
		spec := small(title("Claimer"))
		spec.BaseURL = write
		plan, err := c.Plan(t.Context(), "claimer", orbit.PlanRequest{Instance: &spec.InstanceSpec})
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Diagnostics) != 1 || plan.Diagnostics[0].Code != orbit.CodeHostTaken || plan.Diagnostics[0].Path != "base_url" {
			t.Errorf("%s is planned with %v, want host_taken", name, plan.Diagnostics)
		}
		_, err = c.PutInstance(t.Context(), "claimer", orbit.IfAbsent(), spec)
		problem := refused(t, err, orbit.CodeHostTaken)
		if problem.Status != http.StatusConflict || problem.Pointer != "/base_url" {
			t.Errorf("%s is %d at %q, want 409 at /base_url", name, problem.Status, problem.Pointer)
		}
		if strings.Contains(problem.Detail, "holder") {
			t.Errorf("%s tells about another workspace: %s", name, problem.Detail)
		}
	}
	// It is free as soon as no process is there that was served under it.
	applied(t, declare(t, c, "holder", title("Holder"), at("https://moved.example")), orbit.ImpactRestart)
	within(t, "the process before to end", func() bool {
		spec := small(title("Claimer"))
		spec.BaseURL = "https://held.example"
		plan, err := c.Plan(t.Context(), "claimer", orbit.PlanRequest{Instance: &spec.InstanceSpec})
		return err == nil && len(plan.Diagnostics) == 0
	})
	gate := make(chan struct{})
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "claimer", Gate: gate, Times: 1})
	change := put(t, c, "claimer", title("Claimer"), at("https://held.example"))
	within(t, "the visitors of a first boot to wait", func() bool {
		status, _ := askHost(t, s, "held.example", asProgram)
		return status == http.StatusServiceUnavailable
	})
	close(gate)
	applied(t, settle(t, c, change), orbit.ImpactNone)
	remove(t, c, "claimer")
	if status, _ := askHost(t, s, "held.example", asProgram); status != http.StatusNotFound {
		t.Errorf("the host of an instance that is gone is answered %d", status)
	}
}

func TestOfTwoThatClaimAHostAtOnceOneGetsIt(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	results := make(chan error, 2)
	for _, workspace := range []string{"claim-a", "claim-b"} {
		go func() {
			write := small(title("Claim"))
			write.BaseURL = "https://claimed.example"
			_, err := c.PutInstance(t.Context(), workspace, orbit.IfAbsent(), write)
			results <- err
		}()
	}
	first, second := <-results, <-results
	if first != nil {
		first, second = second, first
	}
	if first != nil || !orbit.HasCode(second, orbit.CodeHostTaken) {
		t.Errorf("the answers are %v and %v, want one accepted and one refused", first, second)
	}
}

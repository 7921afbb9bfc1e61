package manager_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const forGuests = "auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}\n"

// page is a log that may be read while it is written.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *page) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(line)
}

// about returns the warnings that name the text.
func (p *page) about(text string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := strings.Split(p.text.String(), "\n")
	return slices.DeleteFunc(lines, func(line string) bool {
		return !strings.Contains(line, "level=WARN") || !strings.Contains(line, text)
	})
}

func guestFindings(result *orbit.PlanResult) (found []orbit.Severity) {
	for _, d := range result.Diagnostics {
		if d.Code == orbit.CodeGuestSignIn {
			found = append(found, d.Severity)
		}
	}
	return found
}

func TestGuestsAreForDevelopment(t *testing.T) {
	t.Parallel()
	var log page
	s, c := serverWith(t, managertest.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	own := small(forGuests).InstanceSpec
	plan := func(request orbit.PlanRequest) []orbit.Severity {
		t.Helper()
		result, err := c.Plan(t.Context(), "guests", request)
		if err != nil {
			t.Fatal(err)
		}
		return guestFindings(result)
	}
	plugin := orbit.PlanRequest{Plugin: &orbit.PluginPlan{Package: "@acme/plugin-a-backend", PluginSpec: orbit.PluginSpec{Version: "1.0.0"}}}

	if got := plan(orbit.PlanRequest{Instance: &own}); !slices.Equal(got, []orbit.Severity{orbit.SeverityWarning}) {
		t.Errorf("on loopback the plan says %v, want one warning", got)
	}
	applied(t, declare(t, c, "guests", forGuests), orbit.ImpactNone)
	declare(t, c, "members", title("Members"))
	if got := plan(plugin); got != nil {
		t.Errorf("the plan of a plugin repeats what its instance's says: %v", got)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "orbitd to tell of guests at its start", func() bool { return len(log.about("signed in as a guest")) > 0 })
	if got := log.about("signed in as a guest"); len(got) != 1 || !strings.Contains(got[0], "workspace=guests") {
		t.Errorf("at its start orbitd logs %q, want a line about guests alone", got)
	}

	before := instance(t, c, "guests").Status.PID
	s.Move("portal.test")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "orbitd to tell of them under another domain", func() bool { return len(log.about("development only")) == 1 })
	within(t, "the instance to serve at its new address", func() bool {
		now := instance(t, c, "guests").Status
		return now.PID != before && now.Phase == orbit.PhaseReady
	})
	within(t, "an event that tells of it", func() bool {
		events, err := c.ListEvents(t.Context(), "guests", orbit.PageOptions{})
		return err == nil && slices.ContainsFunc(events.Items, func(e orbit.Event) bool { return e.Type == "Warning" && e.Reason == "GuestSignIn" })
	})
	if got := plan(orbit.PlanRequest{Instance: &own}); !slices.Equal(got, []orbit.Severity{orbit.SeverityError}) {
		t.Errorf("under another domain the plan says %v, want an error", got)
	}
	if got := plan(plugin); !slices.Equal(got, []orbit.Severity{orbit.SeverityWarning}) {
		t.Errorf("under another domain the plan of a plugin says %v, want a warning: its write will be refused", got)
	}
	_, err := c.PutInstance(t.Context(), "guests", orbit.IfMatch(instance(t, c, "guests").ETag), small(forGuests+title("New")))
	refused(t, err, orbit.CodeGuestSignIn)
	applied(t, declare(t, c, "guests", title("Mended")), orbit.ImpactRestart)
}

func TestTheSecretOfSessionsIsMadeOnceAndShownToNobody(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	given := func() string {
		t.Helper()
		var config struct {
			Auth struct {
				Session struct {
					Secret string `json:"secret"`
				} `json:"session"`
			} `json:"auth"`
		}
		processes := s.Runtime.Processes("sessions")
		if err := json.Unmarshal(processes[len(processes)-1].Config().Document, &config); err != nil {
			t.Fatal(err)
		}
		return config.Auth.Session.Secret
	}
	declare(t, c, "sessions", title("First"))
	secret := given()
	if len(secret) < 32 {
		t.Fatalf("the process was given the session secret %q, want 32 characters", secret)
	}
	applied(t, declare(t, c, "sessions", title("Second")), orbit.ImpactRestart)
	if got := given(); got != secret {
		t.Error("the next process was given another session secret")
	}
	s.Runtime.Log("sessions", "signing with "+secret)
	logs, err := c.GetLogs(t.Context(), "sessions", 10)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(logs.Lines, "\n"); strings.Contains(text, secret) || !strings.Contains(text, "signing with") {
		t.Errorf("the log reads %q, want the line with the secret masked", text)
	}
	declare(t, c, "sessions", "auth: {session: {secret: '${SESSION}'}}\n", withSecrets(1, map[string]string{"SESSION": "of-my-own"}))
	if got := given(); got != "of-my-own" {
		t.Errorf("the process was given %q in the place of the document's own", got)
	}
	remove(t, c, "sessions")
	declare(t, c, "sessions", title("Second life"))
	if given() == secret {
		t.Error("another instance of the workspace has the same session secret")
	}
}

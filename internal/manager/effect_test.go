package manager_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// liveClient starts a real orbitd, whose instances are real Backstages, and returns its client.
func liveClient(t *testing.T) *orbit.Client {
	t.Helper()
	p := newProgram(t)
	p.start(t, nil)
	token, err := os.ReadFile(filepath.Join(p.dir, "data", "token"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := orbit.NewClient(orbit.ClientOptions{Endpoint: "http://" + p.api, Token: strings.TrimSpace(string(token))})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// liveBase is what the steps of TestTheEffectOfLiveChangesIsSeen build on; the lines come after it.
const liveBase = "auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}\n"

func TestTheEffectOfLiveChangesIsSeen(t *testing.T) {
	t.Parallel()
	c := liveClient(t)
	upstream := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(upstream.Close)
	proxied := func(endpoints string) string {
		return "proxy: {skipInvalidProxies: true, endpoints: {" + strings.ReplaceAll(endpoints, "URL", "'"+upstream.URL+"'") + "}}\n"
	}
	located := func(files ...string) string {
		var locations []string
		for _, file := range files {
			locations = append(locations, fmt.Sprintf("{type: url, target: '%s/%s'}", upstream.URL, file))
		}
		return "catalog: {locations: [" + strings.Join(locations, ", ") + "]}\n"
	}
	const overridden = "backend: {logger: {overrides: [{level: debug, matchers: {plugin: catalog}}]}}\n"
	declare(t, c, "seen", liveBase+proxied(""))
	pid := instance(t, c, "seen").Status.PID
	for _, step := range []struct{ what, config string }{
		{"a proxy endpoint added", proxied("/a: URL")},
		{"a proxy endpoint changed", proxied("/a: {target: URL, headers: {X-A: b}}")},
		{"a proxy endpoint removed, another one added", proxied("/b: URL")},
		{"a location added", proxied("/b: URL") + located("one.yaml")},
		{"a location added, another one removed", proxied("/b: URL") + located("two.yaml")},
		{"a log override added", proxied("/b: URL") + located("two.yaml") + overridden},
		{"a value that is read when it is needed", proxied("/b: URL") + located("two.yaml") + overridden + "techdocs: {builder: external}\n"},
		{"the overrides and the locations removed", proxied("/b: URL") + "techdocs: {builder: external}\n"},
	} {
		start := time.Now()
		change := declare(t, c, "seen", liveBase+step.config)
		took := time.Since(start)
		applied(t, change, orbit.ImpactLive)
		if len(change.Warnings) > 0 {
			t.Errorf("%s: the change has warnings: %v", step.what, change.Warnings)
		}
		if now := instance(t, c, "seen").Status.PID; now != pid {
			t.Fatalf("%s: process %d serves in place of %d", step.what, now, pid)
		}
		t.Logf("figure: %s, from the API call to the verdict: %d ms", step.what, took.Milliseconds())
	}

	// The proxy skips an endpoint whose target is no URL. What the target is, only a secret says.
	const secret = "no-url-and-a-secret"
	skipped := func(policy orbit.RestartPolicy) func(*orbit.InstanceWrite) {
		return func(w *orbit.InstanceWrite) {
			w.RestartPolicy, w.Secrets = policy, map[string]string{"TARGET": secret}
		}
	}
	declare(t, c, "seen", liveBase+proxied("/b: URL"), skipped(orbit.RestartForbid))
	change := declare(t, c, "seen", liveBase+proxied("/b: URL, /skipped: {target: '${TARGET}'}"), skipped(orbit.RestartForbid))
	if change.State != orbit.ChangeFailed || change.Problem.Code != orbit.CodePushFailed || !strings.Contains(change.Problem.Detail, `proxy.endpoints["/skipped"]`) {
		t.Errorf("where no restart may happen, the change is %s: %v; want push_failed for the endpoint", change.State, change.Problem)
	}
	if now := instance(t, c, "seen").Status.PID; now != pid {
		t.Errorf("process %d serves in place of %d", now, pid)
	}
	change = declare(t, c, "seen", liveBase+proxied("/b: URL, /skipped: {target: '${TARGET}'}"), skipped(orbit.RestartAuto))
	applied(t, change, orbit.ImpactLive)
	if len(change.Warnings) != 1 || change.Warnings[0].Code != orbit.CodeNotTakenUp || change.Warnings[0].Path != `proxy.endpoints["/skipped"]` {
		t.Errorf("the warnings are %+v, want one for the endpoint", change.Warnings)
	}
	if now := instance(t, c, "seen").Status.PID; now == pid {
		t.Error("the process that did not take the endpoint up still serves")
	}
	if said := event(t, c, "seen", "LiveChangeNotTakenUp"); strings.Contains(said.Message, secret) {
		t.Errorf("the event tells a secret: %s", said.Message)
	}
}

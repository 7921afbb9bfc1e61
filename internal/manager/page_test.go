package manager_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// browse asks for a page of the workspace as a browser does.
func browse(t *testing.T, s *managertest.Server, workspace string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Manager.GatewayAddress()+"/catalog?filter=a", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = workspace + ".localhost"
	r.Header = http.Header{"Accept": {"text/html,*/*;q=0.8"}, "Sec-Fetch-Dest": {"document"}}
	return fetch(t, r)
}

func TestABrowserSeesThatAnInstanceStartsAndThenTheInstance(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	if status, body := browse(t, s, "seen"); status != http.StatusNotFound || strings.Contains(body, "seen") {
		t.Errorf("before there is an instance a browser gets %d %s", status, body)
	}
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "seen"})
	creation := put(t, c, "seen", title("Seen at last"))
	reached()
	status, body := browse(t, s, "seen")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "Backstage of workspace seen is starting") ||
		!strings.Contains(body, ": starting Backstage.") || !strings.Contains(body, "<script>") {
		t.Errorf("while it starts a browser gets %d %s", status, body)
	}
	release()
	applied(t, settle(t, c, creation), orbit.ImpactNone)
	if status, body := browse(t, s, "seen"); status != http.StatusOK || !strings.Contains(body, "Seen at last") {
		t.Errorf("then a browser gets %d %s", status, body)
	}
	remove(t, c, "seen")
	if status, _ := browse(t, s, "seen"); status != http.StatusNotFound {
		t.Errorf("after its deletion a browser gets %d, want 404", status)
	}
}

func TestAnInstanceThatEndedIsSeenToStartAgain(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "fallen", title("Fallen"))
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "fallen"})
	s.Runtime.Processes("fallen")[0].Kill()
	reached()
	if status, body := browse(t, s, "fallen"); status != http.StatusServiceUnavailable || !strings.Contains(body, "fallen is starting") {
		t.Errorf("while it starts again a browser gets %d %s", status, body)
	}
	release()
	within(t, "the instance to serve again", func() bool {
		status, _ := browse(t, s, "fallen")
		return status == http.StatusOK
	})
	remove(t, c, "fallen")
}

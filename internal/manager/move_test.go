package manager_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestAnInstanceWhoseURLMovedIsReplaced(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "moved", title("Moved"))
	before := instance(t, c, "moved")
	s.Move("portal.test")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "a process that knows its new URL", func() bool {
		now := instance(t, c, "moved").Status
		return now.PID != 0 && now.PID != before.Status.PID && now.Phase == orbit.PhaseReady
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Manager.GatewayAddress()+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "moved.portal.test"
	status, body := fetch(t, r)
	if status != http.StatusOK || !strings.Contains(body, "http://moved.portal.test") {
		t.Errorf("at its new address it answers %d %s, want its config with the new URL", status, body)
	}
}

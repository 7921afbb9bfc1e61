package manager_test

import (
	"net/http"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestAProcessThatEndsRightAfterItIsReadyIsNoneToSwitchTo(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "shortlived", title("A"))
	pid := instance(t, c, "shortlived").Status.PID
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "shortlived", Die: true, Times: 1})
	change := declare(t, c, "shortlived", title("B"))
	if change.State != orbit.ChangeFailed || change.Problem.Code != orbit.CodeProcessExited {
		t.Errorf("the change is %s (%v), want failed because the process exited", change.State, change.Problem)
	}
	if status, _ := ask(t, s, "shortlived"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
	if now := instance(t, c, "shortlived").Status.PID; now != pid {
		t.Errorf("pid %d serves, want %d still", now, pid)
	}
	remove(t, c, "shortlived")
}

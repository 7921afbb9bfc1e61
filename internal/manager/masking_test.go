package manager_test

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestAProblemDoesNotGiveASupersededSecretAway(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const (
		config = "app:\n  title: ${TITLE}\n"
		second = "the-second-value"
	)
	declare(t, c, "superseded", config, withSecrets(1, map[string]string{"TITLE": "the-first-value"}))
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "superseded", Err: &runtime.BootError{
		Code: orbit.CodeBootFailed, Message: "cannot connect with " + second, LogTail: []string{"password: " + second},
	}})
	change := put(t, c, "superseded", config, withSecrets(2, map[string]string{"TITLE": second}))
	reached()
	next := put(t, c, "superseded", config, withSecrets(3, map[string]string{"TITLE": "the-third-value"}))
	release()
	change = settle(t, c, change)
	if change.State != orbit.ChangeFailed || !strings.Contains(change.Problem.Detail, "cannot connect with") || len(change.Problem.LogTail) == 0 {
		t.Fatalf("the change is %s (%+v), want failed as the process said", change.State, change.Problem)
	}
	if told := change.Problem.Detail + strings.Join(change.Problem.LogTail, "\n"); strings.Contains(told, second) {
		t.Errorf("the problem shows the secret: %q", told)
	}
	if next = settle(t, c, next); next.State != orbit.ChangeApplied {
		t.Errorf("the next change is %s (%v), want applied", next.State, next.Problem)
	}
	remove(t, c, "superseded")
}

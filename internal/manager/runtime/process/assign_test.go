package process_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/process"
)

// standby starts a process of no workspace, as orbitd's own user.
func standby(t *testing.T, l *lab, rt *process.Runtime, id string) runtime.Process {
	t.Helper()
	spec := l.spec("", id)
	spec.UserID = 0
	return start(t, rt, spec)
}

func TestAnAssignedStandbyWritesWhereItsWorkspaceDoes(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rt := l.open(t)
	before := start(t, rt, l.spec("acme", "p1")) // starts after the standby, and writes before it
	p := standby(t, l, rt, "s1")
	if lines, err := rt.Logs(t.Context(), "acme", 10); err != nil || len(lines) != 1 {
		t.Errorf("while the standby is nobody's the log of acme is %q, %v", lines, err)
	}
	if err := p.Assign(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	activate(t, p, "")
	only(t, filepath.Join(l.dir, "data/instances/acme/tmp/scratch"))
	if left, _ := filepath.Glob(l.dir + "/data/instances/.standby/log/*"); len(left) > 0 {
		t.Errorf("the log stayed at %q", left)
	}
	stop(t, before)
	stop(t, p)
	if left, _ := filepath.Glob(l.dir + "/run/*/*"); len(left) > 0 {
		t.Errorf("the processes left %q", left)
	}
}

func TestTheFailureOfAnAssignedStandbyIsToldFromItsLog(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rt := l.open(t)
	p := standby(t, l, rt, "s1")
	if err := p.Assign(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	err := p.Activate(t.Context(), booting("fail")("acme"))
	if err == nil || !strings.Contains(err.Error(), "workspace acme") {
		t.Errorf("Activate = %v; want the workspace named", err)
	}
	lines, err := rt.Logs(t.Context(), "acme", 1)
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], "Missing required config value") {
		t.Errorf("Logs = %q, %v; want what it said", lines, err)
	}
}

func TestAStandbyOfNoWorkspaceHasNoUserOfItsOwn(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.user = workspaceUser
	if _, err := l.open(t).Start(t.Context(), l.spec("", "s1")); err == nil || !strings.Contains(err.Error(), "no workspace") {
		t.Errorf("Start = %v, want it refused", err)
	}
}

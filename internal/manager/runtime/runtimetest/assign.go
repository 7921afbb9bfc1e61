package runtimetest

import (
	"slices"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// standby starts a process for no workspace.
func (p *place) standby(id string) runtime.Process {
	p.t.Helper()
	spec := p.Spec("", id)
	spec.UserID = 0
	return p.startSpec(spec)
}

func assigns(t *testing.T, p *place) {
	proc := p.standby("s1")
	if err := proc.Activate(p.ctx, p.Boot("")); err == nil {
		t.Error("Activate of a standby of no workspace gives no error")
	}
	if err := proc.Assign(p.ctx, "acme"); err != nil {
		t.Fatalf("Assign: %v", err)
	}
	if handle := proc.Handle(); handle.Workspace != "acme" || handle.ID != "s1" {
		t.Errorf("Handle after Assign = %+v", handle)
	}
	p.activate(proc)
	if lines, err := p.rt.Logs(p.ctx, "acme", 1); err != nil || len(lines) != 1 {
		t.Errorf("Logs = %q, %v; want a line of the workspace", lines, err)
	}
	if err := p.rt.Destroy(p.ctx, "acme"); err == nil {
		t.Error("Destroy gives no error while the assigned process runs")
	}
	p.stop(proc)
	if err := p.rt.Destroy(p.ctx, "acme"); err != nil {
		t.Errorf("Destroy: %v", err)
	}
}

func assignsOnce(t *testing.T, p *place) {
	proc, taken := p.standby("s1"), p.start("globex", "s1")
	if err := proc.Assign(p.ctx, "globex"); err == nil {
		t.Error("Assign to a workspace that has a process of this id gives no error")
	}
	if err := taken.Assign(p.ctx, "acme"); err == nil {
		t.Error("Assign of a workspace's process to another gives no error")
	}
	if err := proc.Assign(p.ctx, "acme"); err != nil {
		t.Fatalf("Assign: %v", err)
	}
	if err := proc.Assign(p.ctx, "acme"); err == nil {
		t.Error("the second Assign gives no error")
	}
	p.activate(proc)
	ended := p.standby("s2")
	p.stop(ended)
	if err := ended.Assign(p.ctx, "acme"); err == nil {
		t.Error("Assign of a process that has ended gives no error")
	}
}

func adoptsAssigned(t *testing.T, p *place) {
	proc := p.standby("s1")
	before := proc.Handle()
	if err := proc.Assign(p.ctx, "acme"); err != nil {
		t.Fatalf("Assign: %v", err)
	}
	p.restart()
	proc = p.recover(proc.Handle())
	p.activate(proc)
	address := proc.Address()
	p.restart()
	if found := p.recover(before); found.Address() != address {
		t.Errorf("the handle from before Assign finds a process at %q, want %s", found.Address(), address)
	}
	p.restart()
	p.stop(p.recover(proc.Handle()))
	p.isGone(before)
}

func findsUnassigned(t *testing.T, p *place) {
	p.start("acme", "p1")
	lonely, taken := p.standby("s1"), p.standby("s2")
	if err := taken.Assign(p.ctx, "acme"); err != nil {
		t.Fatalf("Assign: %v", err)
	}
	p.restart()
	handles, err := p.rt.Unassigned(p.ctx)
	if err != nil {
		t.Fatalf("Unassigned: %v", err)
	}
	ids := make([]string, len(handles))
	for i, h := range handles {
		ids[i] = h.ID
	}
	if !slices.Equal(ids, []string{"s1"}) {
		t.Fatalf("Unassigned = %q, want s1 alone", ids)
	}
	p.stop(p.recover(handles[0]))
	p.isGone(lonely.Handle())
	if handles, err = p.rt.Unassigned(p.ctx); err != nil || len(handles) > 0 {
		t.Errorf("Unassigned after its end = %v, %v", handles, err)
	}
	p.activate(p.recover(taken.Handle()))
}

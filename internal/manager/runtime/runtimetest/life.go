package runtimetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

func lifecycle(t *testing.T, p *place) {
	proc := p.start("acme", "p1")
	if a := proc.Address(); a != "" {
		t.Errorf("a process in standby has the address %s", a)
	}
	if diff := cmp.Diff(runtime.Exit{}, proc.Exit()); diff != "" {
		t.Errorf("Exit of a process that runs (-want +got):\n%s", diff)
	}
	handle := proc.Handle()
	if handle.Version != runtime.HandleVersion || handle.Runtime != p.rt.Name() || handle.Workspace != "acme" || handle.ID != "p1" {
		t.Errorf("Handle = %+v", handle)
	}
	p.activate(proc)
	stats, err := proc.Stats(p.ctx)
	if err != nil {
		t.Fatalf("Stats: %v", err)
	}
	if stats.MemoryBytes <= 0 || stats.StartedAt.IsZero() || stats.MemoryLimit == "" {
		t.Errorf("Stats = %+v", stats)
	}
	if lines, err := p.rt.Logs(p.ctx, "acme", 1); err != nil || len(lines) != 1 {
		t.Errorf("Logs = %q, %v; want one line", lines, err)
	}
	if err := proc.Push(p.ctx, p.Change("acme"), nil); err != nil {
		t.Fatalf("Push: %v", err)
	}
	p.serves(proc)
	p.stop(proc)
	if exit := proc.Exit(); !exit.Requested || exit.At.IsZero() {
		t.Errorf("Exit after Stop = %+v", exit)
	}
	if _, err := proc.Stats(p.ctx); err == nil {
		t.Error("Stats of a process that has ended gives no error")
	}
	if err := proc.Push(p.ctx, p.Change("acme"), nil); err == nil {
		t.Error("Push to a process that has ended gives no error")
	}
}

func unseenPush(t *testing.T, p *place) {
	proc := p.ready("acme", "p1")
	err := proc.Push(p.ctx, p.Change("acme"), p.Unseen)
	var unseen *runtime.UnseenError
	if !errors.As(err, &unseen) || len(unseen.Unseen) != len(p.Unseen) {
		t.Fatalf("Push = %v; want an UnseenError with %d findings", err, len(p.Unseen))
	}
	for i, u := range unseen.Unseen {
		if u.Path != p.Unseen[i].Path || u.Why == "" {
			t.Errorf("the finding is %+v; want one for %s", u, p.Unseen[i].Path)
		}
	}
	if err := proc.Push(p.ctx, p.Change("acme"), nil); err != nil {
		t.Errorf("Push without looks: %v", err)
	}
	p.serves(proc)
}

func activatesOnce(t *testing.T, p *place) {
	proc := p.ready("acme", "p1")
	address := proc.Address()
	if err := proc.Activate(p.ctx, p.Boot("acme")); err == nil {
		t.Error("the second Activate gives no error")
	}
	p.serves(proc)
	if proc.Address() != address {
		t.Errorf("the address moved from %s to %s", address, proc.Address())
	}
}

func sideBySide(t *testing.T, p *place) {
	blue, green := p.ready("acme", "blue"), p.ready("acme", "green")
	if blue.Address() == green.Address() {
		t.Errorf("both processes have the address %s", blue.Address())
	}
	p.stop(blue)
	p.lives(green)
	p.serves(green)
}

func refusesDuplicate(t *testing.T, p *place) {
	proc := p.start("acme", "p1")
	if _, err := p.rt.Start(p.ctx, p.Spec("acme", "p1")); err == nil {
		t.Error("Start with the id of a running process gives no error")
	}
	p.lives(proc)
	p.activate(proc)
}

func noticesEnd(t *testing.T, p *place) {
	proc := p.ready("acme", "p1")
	p.Kill(proc)
	if exit := p.ends(proc); exit.Requested || exit.Signal != "SIGKILL" || exit.Code != -1 {
		t.Errorf("Exit of a killed process = %+v", exit)
	}
	p.over(proc)
}

func stopsOnce(t *testing.T, p *place) {
	proc := p.ready("acme", "p1")
	var stopping sync.WaitGroup
	for range 3 {
		stopping.Go(func() {
			if err := proc.Stop(p.ctx, grace); err != nil {
				t.Errorf("Stop: %v", err)
			}
		})
	}
	stopping.Wait()
	p.over(proc)
	p.stop(proc)
}

func destroys(t *testing.T, p *place) {
	p.stop(p.ready("acme", "p1"))
	for range 2 {
		if err := p.rt.Destroy(p.ctx, "acme"); err != nil {
			t.Fatalf("Destroy: %v", err)
		}
	}
	if lines, err := p.rt.Logs(p.ctx, "acme", 10); err != nil || len(lines) > 0 {
		t.Errorf("Logs after Destroy = %q, %v", lines, err)
	}
	p.ready("acme", "p2") // the name can be used again
}

func destroyRefused(t *testing.T, p *place) {
	proc := p.ready("acme", "p1")
	if err := p.rt.Destroy(p.ctx, "acme"); err == nil {
		t.Error("Destroy gives no error while a process runs")
	}
	p.lives(proc)
}

func concurrent(t *testing.T, p *place) {
	workspaces := []string{"acme", "globex", "initech"}
	var users sync.WaitGroup
	for _, workspace := range workspaces {
		spec, boot, change := p.Spec(workspace, "p1"), p.Boot(workspace), p.Change(workspace)
		users.Go(func() {
			proc, err := p.rt.Start(p.ctx, spec)
			if err != nil {
				t.Errorf("Start: %v", err)
				return
			}
			var watching sync.WaitGroup
			watching.Go(func() {
				_ = proc.Address()
				_ = proc.Exit()
				if _, err := proc.Stats(p.ctx); err != nil {
					t.Errorf("Stats: %v", err)
				}
				if _, err := p.rt.Logs(p.ctx, workspace, 5); err != nil {
					t.Errorf("Logs: %v", err)
				}
				if _, err := p.rt.Recover(p.ctx, proc.Handle()); err != nil {
					t.Errorf("Recover: %v", err)
				}
			})
			if err := proc.Activate(p.ctx, boot); err != nil {
				t.Errorf("Activate: %v", err)
			}
			watching.Wait()
			var pushing sync.WaitGroup
			for range 3 {
				pushing.Go(func() {
					if err := proc.Push(p.ctx, change, nil); err != nil {
						t.Errorf("Push: %v", err)
					}
				})
			}
			pushing.Wait()
			if err := proc.Stop(p.ctx, grace); err != nil {
				t.Errorf("Stop: %v", err)
			}
			if err := p.rt.Destroy(p.ctx, workspace); err != nil {
				t.Errorf("Destroy: %v", err)
			}
		})
	}
	users.Wait()
}

package runtimetest

import (
	"errors"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

func adoptsStandby(_ *testing.T, p *place) {
	handle := p.start("acme", "p1").Handle()
	p.restart()
	proc := p.recover(handle)
	p.activate(proc)
	p.stop(proc)
}

func adoptsReady(t *testing.T, p *place) {
	before := p.ready("acme", "p1")
	address, handle := before.Address(), before.Handle()
	stats, err := before.Stats(p.ctx)
	if err != nil {
		t.Fatalf("Stats: %v", err)
	}
	p.restart()
	proc := p.recover(handle)
	if proc.Address() != address {
		t.Errorf("the address was %s and is %q after the adoption", address, proc.Address())
	}
	p.serves(proc)
	after, err := proc.Stats(p.ctx)
	if err != nil {
		t.Fatalf("Stats: %v", err)
	}
	if after.PID != stats.PID || !after.StartedAt.Equal(stats.StartedAt) || after.Isolated != stats.Isolated {
		t.Errorf("Stats were %+v and are %+v after the adoption", stats, after)
	}
	if err := proc.Push(p.ctx, p.Change("acme"), nil); err != nil {
		t.Errorf("Push: %v", err)
	}
	p.stop(proc)
	if !proc.Exit().Requested {
		t.Errorf("Exit after Stop = %+v", proc.Exit())
	}
}

func adoptsByName(t *testing.T, p *place) {
	p.start("acme", "other")
	before := p.ready("acme", "p1")
	stats, err := before.Stats(p.ctx)
	if err != nil {
		t.Fatalf("Stats: %v", err)
	}
	handle, address := before.Handle(), before.Address()
	handle.Data = nil
	p.restart()
	proc := p.recover(handle)
	after, err := proc.Stats(p.ctx)
	if err != nil {
		t.Fatalf("Stats: %v", err)
	}
	if after.PID != stats.PID || proc.Address() != address {
		t.Errorf("found process %d at %s, want %d at %s", after.PID, proc.Address(), stats.PID, address)
	}
	p.stop(proc)
	handle.ID = "never"
	p.isGone(handle)
}

func gone(_ *testing.T, p *place) {
	proc := p.ready("acme", "p1")
	p.stop(proc)
	p.isGone(proc.Handle())
	p.restart()
	p.isGone(proc.Handle())
}

func goneMeanwhile(_ *testing.T, p *place) {
	proc := p.ready("acme", "p1")
	p.Close(p.rt)
	p.Kill(proc)
	p.rt = p.Open()
	p.isGone(proc.Handle())
}

func noticesEndOfAdopted(t *testing.T, p *place) {
	handle := p.ready("acme", "p1").Handle()
	p.restart()
	proc := p.recover(handle)
	p.Kill(proc)
	if p.ends(proc).Requested {
		t.Errorf("Exit of a killed process = %+v", proc.Exit())
	}
	p.over(proc)
	p.isGone(handle)
}

func (p *place) isGone(handle runtime.Handle) {
	p.t.Helper()
	if proc, err := p.rt.Recover(p.ctx, handle); !errors.Is(err, runtime.ErrGone) {
		p.t.Fatalf("Recover of a process that has ended = %v, %v; want ErrGone", proc, err)
	}
}

package runtimetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// soon is a deadline for a boot that never ends.
const soon = 300 * time.Millisecond

func brokenBoot(t *testing.T, p *place) {
	if p.Broken == nil {
		t.Skip("the site has no boot that fails")
	}
	proc := p.start("acme", "p1")
	p.isBootError(proc.Activate(p.ctx, p.Broken("acme")), orbit.CodeBootFailed)
	p.over(proc)
	if exit := proc.Exit(); exit.Requested {
		t.Errorf("Exit = %+v; nobody asked for it", exit)
	}
	p.isGone(proc.Handle())
}

func bootDeadline(t *testing.T, p *place) {
	if p.Endless == nil {
		t.Skip("the site has no boot that never ends")
	}
	proc := p.start("acme", "p1")
	ctx, cancel := context.WithTimeout(p.ctx, soon)
	defer cancel()
	p.isBootError(proc.Activate(ctx, p.Endless("acme")), orbit.CodeBootTimeout)
	p.over(proc)
}

func cancelledActivation(t *testing.T, p *place) {
	if p.Endless == nil {
		t.Skip("the site has no boot that never ends")
	}
	proc := p.start("acme", "p1")
	ctx, cancel := context.WithCancel(p.ctx)
	done := make(chan error, 1)
	go func() { done <- proc.Activate(ctx, p.Endless("acme")) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Activate = %v; want the context's error", err)
	}
	p.lives(proc)
	p.stop(proc)
}

func stopsActivation(t *testing.T, p *place) {
	if p.Endless == nil {
		t.Skip("the site has no boot that never ends")
	}
	proc := p.start("acme", "p1")
	boot := p.Endless("acme")
	done := make(chan error, 1)
	go func() { done <- proc.Activate(p.ctx, boot) }()
	p.stop(proc)
	if err := <-done; err == nil {
		t.Error("the Activate of a process that was stopped gives no error")
	}
}

func cancelledStart(t *testing.T, p *place) {
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	if _, err := p.rt.Start(ctx, p.Spec("acme", "p1")); !errors.Is(err, context.Canceled) {
		t.Errorf("Start = %v; want the context's error", err)
	}
	p.isGone(runtime.Handle{
		Version: runtime.HandleVersion, Runtime: p.rt.Name(), Workspace: "acme", ID: "p1",
	})
}

func (p *place) isBootError(err error, code orbit.Code) {
	p.t.Helper()
	var broken *runtime.BootError
	if !errors.As(err, &broken) {
		p.t.Fatalf("Activate = %v; want a *runtime.BootError", err)
	}
	if broken.Code != code || broken.Message == "" {
		p.t.Errorf("the BootError is %+v; want the code %s and a message", broken, code)
	}
}

// Package runtimetest is the specification of runtime.Runtime as tests. Every runtime passes it.
package runtimetest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// Patience bounds every wait of the suite. It is never waited for where the runtime is right.
const Patience = 60 * time.Second

// grace is what the suite gives a process to stop.
const grace = 10 * time.Second

// Site is a place where instances run, for one test alone.
type Site struct {
	// Open opens the runtime on what the site holds already: after Close it is the next orbitd's.
	Open func() runtime.Runtime
	// Close is the end of the orbitd that holds the runtime. Processes live on.
	Close func(runtime.Runtime)
	// Spec is a process that can be started; the workspace "" is none.
	Spec func(workspace, id string) runtime.Spec
	// Boot is what makes such a process ready.
	Boot func(workspace string) runtime.Boot
	// Change is another config that a ready process takes in.
	Change func(workspace string) runtime.Config
	// Broken is a boot that fails with boot_failed. Nil skips its tests.
	Broken func(workspace string) runtime.Boot
	// Endless is a boot that never ends. Nil skips its tests.
	Endless func(workspace string) runtime.Boot
	// Unseen are looks that see nothing after Change.
	Unseen []changeplan.Look
	// Kill ends the process behind the runtime's back.
	Kill func(runtime.Process)
	// HTTP says that a ready process answers the readiness check at its address.
	HTTP bool
}

// Run runs the suite; every test in it gets a site of its own. The sites clean up after themselves when the test ends.
func Run(t *testing.T, site func(t *testing.T) Site) {
	t.Helper()
	for name, spec := range map[string]func(*testing.T, *place){
		"a process goes from standby to ready, takes a push and stops":  lifecycle,
		"a push whose effect is not seen says so":                       unseenPush,
		"a second activation fails and does no harm":                    activatesOnce,
		"two processes of a workspace run side by side":                 sideBySide,
		"an id that runs is not started again":                          refusesDuplicate,
		"a process in standby is adopted and activated":                 adoptsStandby,
		"a ready process is adopted with its address":                   adoptsReady,
		"a process whose handle was never stored is found by its names": adoptsByName,
		"a standby of no workspace is assigned to one and becomes its":  assigns,
		"a standby is assigned once":                                    assignsOnce,
		"an assigned standby is adopted as its workspace's":             adoptsAssigned,
		"a standby that was never assigned is found":                    findsUnassigned,
		"a process that has ended is gone":                              gone,
		"a process that ended while no orbitd ran is gone":              goneMeanwhile,
		"the end of a process is noticed":                               noticesEnd,
		"the end of an adopted process is noticed":                      noticesEndOfAdopted,
		"stopping is idempotent, also at the same time":                 stopsOnce,
		"stopping ends an activation":                                   stopsActivation,
		"a boot that fails is told and ends the process":                brokenBoot,
		"a boot past its deadline is told and ends the process":         bootDeadline,
		"an activation that is cancelled leaves the process":            cancelledActivation,
		"a start that is cancelled leaves nothing":                      cancelledStart,
		"destroying is idempotent and takes the log":                    destroys,
		"destroying is refused while a process runs":                    destroyRefused,
		"many workspaces are used at the same time":                     concurrent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := site(t)
			ctx, cancel := context.WithTimeout(t.Context(), Patience)
			t.Cleanup(cancel)
			spec(t, &place{Site: s, rt: s.Open(), ctx: ctx, t: t})
		})
	}
}

// place is a site with an open runtime.
type place struct {
	Site

	rt  runtime.Runtime
	ctx context.Context //nolint:containedctx // it is the test's
	t   *testing.T
}

// restart ends orbitd and starts it anew.
func (p *place) restart() {
	p.Close(p.rt)
	p.rt = p.Open()
}

func (p *place) start(workspace, id string) runtime.Process {
	p.t.Helper()
	return p.startSpec(p.Spec(workspace, id))
}

func (p *place) startSpec(spec runtime.Spec) runtime.Process {
	p.t.Helper()
	proc, err := p.rt.Start(p.ctx, spec)
	if err != nil {
		p.t.Fatalf("Start: %v", err)
	}
	p.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		rt := p.Open() // the test's own can be closed by now
		if again, err := rt.Recover(ctx, proc.Handle()); err == nil {
			_ = again.Stop(ctx, 0)
		}
		p.Close(rt)
	})
	return proc
}

func (p *place) ready(workspace, id string) runtime.Process {
	p.t.Helper()
	proc := p.start(workspace, id)
	p.activate(proc)
	return proc
}

func (p *place) activate(proc runtime.Process) {
	p.t.Helper()
	if err := proc.Activate(p.ctx, p.Boot(proc.Handle().Workspace)); err != nil {
		p.t.Fatalf("Activate: %v", err)
	}
	p.serves(proc)
}

// serves checks that the process is ready.
func (p *place) serves(proc runtime.Process) {
	p.t.Helper()
	address := proc.Address()
	if address == "" {
		p.t.Fatal("the process has no address, and it should be ready")
	}
	if !p.HTTP {
		return
	}
	request, err := http.NewRequestWithContext(p.ctx, http.MethodGet,
		"http://"+address+"/.backstage/health/v1/readiness", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatalf("the ready process does not serve: %v", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		p.t.Fatalf("the readiness of a ready process is %s", response.Status)
	}
}

func (p *place) stop(proc runtime.Process) {
	p.t.Helper()
	if err := proc.Stop(p.ctx, grace); err != nil {
		p.t.Fatalf("Stop: %v", err)
	}
	p.over(proc)
}

func (p *place) recover(handle runtime.Handle) runtime.Process {
	p.t.Helper()
	proc, err := p.rt.Recover(p.ctx, handle)
	if err != nil {
		p.t.Fatalf("Recover: %v", err)
	}
	return proc
}

// ends waits for the end of the process.
func (p *place) ends(proc runtime.Process) runtime.Exit {
	p.t.Helper()
	select {
	case <-proc.Exited():
	case <-p.ctx.Done():
		p.t.Fatal("the process has ended, and Exited is not closed")
	}
	return proc.Exit()
}

// over checks that the process has ended already.
func (p *place) over(proc runtime.Process) {
	p.t.Helper()
	select {
	case <-proc.Exited():
	default:
		p.t.Fatal("Exited is not closed, and the process should have ended")
	}
	if a := proc.Address(); a != "" {
		p.t.Errorf("the process has ended and has the address %s", a)
	}
}

// lives checks that the process has not ended.
func (p *place) lives(proc runtime.Process) {
	p.t.Helper()
	select {
	case <-proc.Exited():
		p.t.Fatalf("the process has ended: %s", proc.Exit())
	default:
	}
}

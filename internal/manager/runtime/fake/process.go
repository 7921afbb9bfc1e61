package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// madeUpMemory is what every fake process uses, in bytes.
const madeUpMemory = 200 << 20

// Process is a fake process. It implements runtime.Process.
type Process struct {
	runtime *Runtime
	pid     int
	started time.Time
	alive   context.Context //nolint:containedctx // it is the process's life
	finish  context.CancelFunc

	mu        sync.Mutex
	spec      runtime.Spec // Assign changes its workspace
	activated bool
	config    runtime.Config
	address   string
	server    *server
	lost      bool // its control connection
	ended     bool
	exit      runtime.Exit
}

var _ runtime.Process = (*Process)(nil)

// Spec is what the process was made from, with the workspace that it was assigned to.
func (p *Process) Spec() runtime.Spec {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spec
}

// Assign gives a standby of no workspace to the workspace.
func (p *Process) Assign(ctx context.Context, workspace string) error {
	id := p.Spec().ID
	fault := p.runtime.record(OpAssign, workspace, id)
	err := fault.delay(ctx)
	if err == nil {
		err = fault.Err
	}
	if err == nil {
		err = p.runtime.assign(p, workspace)
	}
	if err != nil {
		return fmt.Errorf("assign standby %s to workspace %s: %w", id, workspace, err)
	}
	if fault.Die {
		p.end(runtime.Exit{Code: 1})
	}
	return nil
}

// Handle identifies the process to Recover.
func (p *Process) Handle() runtime.Handle {
	data, _ := json.Marshal(map[string]int{"pid": p.pid}) //nolint:errchkjson // a map of numbers has a JSON form
	return runtime.Handle{
		Version: runtime.HandleVersion, Runtime: Name, Workspace: p.Spec().Workspace, ID: p.Spec().ID, Data: data,
	}
}

// Config is what the process was last given, secrets included.
func (p *Process) Config() runtime.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.config
}

// Activate makes the process ready.
func (p *Process) Activate(ctx context.Context, boot runtime.Boot) error {
	fault := p.runtime.record(OpActivate, p.Spec().Workspace, p.Spec().ID)
	if err := p.activate(ctx, fault, boot); err != nil {
		return fmt.Errorf("activate process %s of workspace %s: %w", p.Spec().ID, p.Spec().Workspace, err)
	}
	if fault.Die {
		p.end(runtime.Exit{Code: 1})
	}
	return nil
}

func (p *Process) activate(ctx context.Context, fault Fault, boot runtime.Boot) error {
	if p.Spec().Workspace == "" {
		return errors.New("it is assigned to no workspace")
	}
	p.mu.Lock()
	again := p.activated
	p.activated = true
	p.mu.Unlock()
	if again {
		return errors.New("it has been activated before")
	}
	err := p.boot(ctx, fault, boot)
	var broken *runtime.BootError
	if errors.As(err, &broken) {
		p.runtime.Log(p.Spec().Workspace, broken.Error())
		p.end(runtime.Exit{Code: 1})
	}
	return err
}

// boot is the way from standby to ready. Its errors are those of Activate.
func (p *Process) boot(ctx context.Context, fault Fault, boot runtime.Boot) error {
	// A process that ends while it boots ends the wait as well.
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.alive, cancel)() //nolint:contextcheck // two lives end the wait, and this is the other
	err := fault.delay(waiting)
	if err == nil {
		err = p.runtime.takeTime(waiting)
	}
	switch {
	case p.hasExited():
		return &runtime.BootError{Code: orbit.CodeProcessExited, Message: "the process " + p.Exit().String()}
	case errors.Is(err, context.DeadlineExceeded):
		return &runtime.BootError{Code: orbit.CodeBootTimeout, Message: "the process was still starting at the deadline"}
	case err != nil:
		return err
	case fault.Err != nil:
		return fault.Err
	}
	if check := p.runtime.options.Boot; check != nil {
		if err := check(p.Spec().Workspace, p.Spec().Bundle, boot); err != nil {
			var broken *runtime.BootError
			if errors.As(err, &broken) {
				return err
			}
			return &runtime.BootError{Code: orbit.CodeBootFailed, Message: err.Error()}
		}
	}
	return p.listen(ctx, boot.Config)
}

// listen makes the process ready at an address.
func (p *Process) listen(ctx context.Context, config runtime.Config) error {
	address := fmt.Sprintf("%s.%s.fake:7007", p.Spec().ID, p.Spec().Workspace)
	var s *server
	if p.runtime.options.Serve {
		var err error
		if s, err = serve(ctx, p); err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		address = s.address()
	}
	p.mu.Lock()
	ended := p.ended
	if !ended {
		p.config, p.address, p.server = config, address, s
	}
	p.mu.Unlock()
	if ended {
		s.close()
		return &runtime.BootError{Code: orbit.CodeProcessExited, Message: "the process " + p.Exit().String()}
	}
	p.runtime.Log(p.Spec().Workspace, fmt.Sprintf("process %s listens on %s", p.Spec().ID, address))
	return nil
}

// Push gives the process its new config. Looks see what they look for, but for a fault.
func (p *Process) Push(ctx context.Context, config runtime.Config, looks []changeplan.Look) error {
	fault := p.runtime.record(OpPush, p.Spec().Workspace, p.Spec().ID)
	err := fault.delay(ctx)
	switch {
	case err != nil:
	case fault.Err != nil:
		err = fault.Err
	case p.Address() == "":
		err = errors.New("it is not ready, or its control connection is lost")
	case len(fault.NoEffect) > 0:
		err = fault.unseen(looks)
	default:
		p.mu.Lock()
		p.config = config
		p.mu.Unlock()
	}
	if err != nil {
		return fmt.Errorf("push config to workspace %s: %w", p.Spec().Workspace, err)
	}
	if fault.Die {
		p.end(runtime.Exit{Code: 1})
	}
	return nil
}

// Address is where the process listens, or a made-up address.
func (p *Process) Address() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.lost {
		return ""
	}
	return p.address
}

// Lose makes the process one whose control connection is lost, until Regain: it serves and can be stopped.
func (p *Process) Lose() { p.setLost(true) }

// Regain ends what Lose began.
func (p *Process) Regain() { p.setLost(false) }

func (p *Process) setLost(lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = lost
}

// Listens is where the process serves, also while its control connection is lost.
func (p *Process) Listens() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.address
}

// Stats says made-up figures.
func (p *Process) Stats(context.Context) (runtime.Stats, error) {
	if p.hasExited() {
		return runtime.Stats{}, fmt.Errorf("measure process %d of workspace %s: %w", p.pid, p.Spec().Workspace, runtime.ErrGone)
	}
	return runtime.Stats{
		PID: p.pid, StartedAt: p.started, MemoryBytes: madeUpMemory, MemoryLimit: "heap", Isolated: p.Spec().UserID != 0,
	}, nil
}

// Stop ends the process.
func (p *Process) Stop(ctx context.Context, grace time.Duration) error {
	fault := p.runtime.recordCall(Call{Op: OpStop, Workspace: p.Spec().Workspace, ID: p.Spec().ID, Grace: grace})
	if p.hasExited() {
		return nil
	}
	err := fault.delay(ctx)
	if err == nil {
		err = fault.Err
	}
	if err != nil {
		return fmt.Errorf("stop process %s of workspace %s: %w", p.Spec().ID, p.Spec().Workspace, err)
	}
	p.end(runtime.Exit{Requested: true})
	return nil
}

// Kill ends the process as SIGKILL from elsewhere does.
func (p *Process) Kill() { p.end(runtime.Exit{Code: -1, Signal: "SIGKILL"}) }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.alive.Done() }

// Exit says how the process ended.
func (p *Process) Exit() runtime.Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

func (p *Process) hasExited() bool { return p.alive.Err() != nil }

// end ends the process, once, and returns when it has ended.
func (p *Process) end(exit runtime.Exit) {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		<-p.alive.Done()
		return
	}
	exit.At = time.Now()
	p.ended, p.exit = true, exit
	s := p.server
	p.mu.Unlock()
	s.close()
	p.runtime.forget(p)
	p.finish()
}

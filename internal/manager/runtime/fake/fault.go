package fake

import (
	"context"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// Op is a call that a Fault can strike and a Call records.
type Op string

// The operations.
const (
	OpStart    Op = "start"
	OpRecover  Op = "recover"
	OpAssign   Op = "assign"
	OpActivate Op = "activate"
	OpPush     Op = "push"
	OpStop     Op = "stop"
	OpDestroy  Op = "destroy"
)

// Fault makes an operation go wrong, or wait. The fields take effect in their order here.
type Fault struct {
	// Op is the operation it strikes.
	Op Op
	// Workspace is the workspace it strikes; "" means every one.
	Workspace string
	// Times is how often it strikes; 0 means until Clear.
	Times int
	// Gate makes the operation wait until the channel is closed or gives a value, or ctx ends.
	Gate <-chan struct{}
	// Hang makes the operation wait until ctx ends. A Stop that hangs is a process that refuses to end.
	Hang bool
	// Err is what the operation returns. On OpActivate a *runtime.BootError also ends the process, as the contract has it.
	Err error
	// NoEffect makes an OpPush one that is acknowledged and has no effect: the process keeps the config it has, and a
	// look at one of these paths sees nothing.
	NoEffect []string
	// Die ends the process with code 1: after the operation when that succeeded, before it returns.
	Die bool
}

// Inject adds a fault. Of several that match, the first injected strikes.
func (r *Runtime) Inject(f Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, &f)
}

// Clear removes all faults. Operations that wait because of one go on waiting.
func (r *Runtime) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = nil
}

// strike takes the fault for the operation, if there is one. The caller holds the lock.
func (r *Runtime) strike(op Op, workspace string) Fault {
	for i, f := range r.faults {
		if f.Op != op || f.Workspace != "" && f.Workspace != workspace {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				r.faults = append(r.faults[:i:i], r.faults[i+1:]...)
			}
		}
		return *f
	}
	return Fault{}
}

// delay is the part of the fault that waits.
func (f Fault) delay(ctx context.Context) error {
	if f.Gate != nil {
		select {
		case <-f.Gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.Hang {
		<-ctx.Done()
	}
	return ctx.Err()
}

// unseen is what the looks at a push without effect find; nil when none looks at its paths.
func (f Fault) unseen(looks []changeplan.Look) error {
	var unseen []runtime.Unseen
	for _, look := range looks {
		if slices.Contains(f.NoEffect, look.Path) {
			unseen = append(unseen, runtime.Unseen{Path: look.Path, Why: "the fake process keeps what it has"})
		}
	}
	if len(unseen) == 0 {
		return nil
	}
	return &runtime.UnseenError{Unseen: unseen}
}

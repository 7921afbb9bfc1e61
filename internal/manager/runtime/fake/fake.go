// Package fake is a runtime without processes, for tests: of what starts, changes and stops instances, with faults as
// settings and every call recorded, and of everything around it, because a fake process can serve HTTP.
//
// Its processes live as long as the Runtime value. A test restarts orbitd by giving the same value to a new one.
package fake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// Name is the runtime's name as handles have it.
const Name = "fake"

// Options are what New needs. The zero value is a runtime without faults and without network.
type Options struct {
	// Serve makes a ready process listen on a port of the loopback interface; see the server's paths there. Without it
	// Address is made up, and the runtime can be used in a bubble of testing/synctest.
	Serve bool
	// Boot decides whether a process starts with what it is given: an error makes Activate fail with it, as a
	// *runtime.BootError of code boot_failed when it is not one already. It is called without locks; nil accepts all.
	Boot func(workspace, bundle string, boot runtime.Boot) error
	// BootTime is how long a process takes to become ready. It is for bubbles of testing/synctest: nothing else needs to
	// wait.
	BootTime time.Duration
}

// Call is one recorded call.
type Call struct {
	Op        Op
	Workspace string
	// ID is the process's; "" for OpDestroy.
	ID string
	// Grace is what OpStop was given.
	Grace time.Duration
}

// String renders the call as "start acme/p1".
func (c Call) String() string {
	if c.ID == "" {
		return fmt.Sprintf("%s %s", c.Op, c.Workspace)
	}
	return fmt.Sprintf("%s %s/%s", c.Op, c.Workspace, c.ID)
}

// key tells processes apart.
type key struct{ workspace, id string }

// Runtime implements runtime.Runtime.
type Runtime struct {
	options Options

	mu        sync.Mutex
	faults    []*Fault
	calls     []Call
	processes map[key]*Process
	logs      map[string][]string
	catalogs  map[string]*catalog
	lastPID   int
}

var _ runtime.Runtime = (*Runtime)(nil)

// New returns a runtime without processes.
func New(options Options) *Runtime {
	return &Runtime{
		options: options, processes: map[key]*Process{}, logs: map[string][]string{},
		catalogs: map[string]*catalog{}, lastPID: firstPID,
	}
}

// firstPID is below the first made-up pid, and above what Linux gives to processes.
const firstPID = 1 << 22

// Close ends all processes.
func (r *Runtime) Close() error {
	for _, p := range r.Processes("") {
		p.end(runtime.Exit{Code: -1, Signal: "SIGKILL"})
	}
	return nil
}

// Name is "fake".
func (r *Runtime) Name() string { return Name }

// Start makes a process in standby.
func (r *Runtime) Start(ctx context.Context, spec runtime.Spec) (runtime.Process, error) {
	fault := r.record(OpStart, spec.Workspace, spec.ID)
	err := fault.delay(ctx)
	if err == nil {
		err = fault.Err
	}
	var p *Process
	if err == nil {
		p, err = r.add(spec)
	}
	if err != nil {
		return nil, fmt.Errorf("start process %s of workspace %s: %w", spec.ID, spec.Workspace, err)
	}
	if fault.Die {
		p.end(runtime.Exit{Code: 1})
	}
	return p, nil
}

// Unassigned lists the standbys of no workspace.
func (r *Runtime) Unassigned(context.Context) ([]runtime.Handle, error) {
	var handles []runtime.Handle
	for _, p := range r.Standbys() {
		handles = append(handles, p.Handle())
	}
	return handles, nil
}

// Standbys are the running standbys of no workspace, oldest first.
func (r *Runtime) Standbys() []*Process {
	return slices.DeleteFunc(r.Processes(""), func(p *Process) bool { return p.Spec().Workspace != "" })
}

// assign moves the standby to the workspace.
func (r *Runtime) assign(p *Process, workspace string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	before, next := key{p.spec.Workspace, p.spec.ID}, key{workspace, p.spec.ID}
	switch {
	case before.workspace != "":
		return errors.New("it is workspace " + before.workspace + "'s")
	case r.processes[before] != p:
		return errors.New("it has ended")
	case r.processes[next] != nil:
		return errors.New("a process of this id runs already")
	}
	delete(r.processes, before)
	p.spec.Workspace = workspace
	r.processes[next] = p
	return nil
}

// add makes the process.
func (r *Runtime) add(spec runtime.Spec) (*Process, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := key{spec.Workspace, spec.ID}
	if r.processes[k] != nil {
		return nil, errors.New("a process of this id runs already")
	}
	if spec.Workspace == "" && spec.UserID != 0 {
		return nil, errors.New("a standby of no workspace cannot run as a workspace's user")
	}
	r.lastPID++
	p := &Process{runtime: r, spec: spec, pid: r.lastPID, started: time.Now()}
	p.alive, p.finish = context.WithCancel(context.Background())
	r.processes[k] = p
	return p, nil
}

// Recover returns the process that the handle identifies.
func (r *Runtime) Recover(ctx context.Context, handle runtime.Handle) (runtime.Process, error) {
	fault := r.record(OpRecover, handle.Workspace, handle.ID)
	if err := fault.delay(ctx); err != nil {
		return nil, err
	}
	if fault.Err != nil {
		return nil, fault.Err
	}
	r.mu.Lock()
	p := r.find(handle)
	r.mu.Unlock()
	if p == nil {
		return nil, runtime.ErrGone
	}
	if fault.Die {
		p.end(runtime.Exit{Code: 1})
	}
	return p, nil
}

// find looks for the handle's process, also one that was assigned after the handle was made. The caller holds the lock.
func (r *Runtime) find(handle runtime.Handle) *Process {
	if p := r.processes[key{handle.Workspace, handle.ID}]; p != nil || handle.Workspace != "" {
		return p
	}
	for k, p := range r.processes {
		if k.id == handle.ID && bytes.Equal(p.Handle().Data, handle.Data) {
			return p
		}
	}
	return nil
}

// Destroy forgets the workspace's log and catalog. It refuses while one of its processes runs.
func (r *Runtime) Destroy(ctx context.Context, workspace string) error {
	fault := r.record(OpDestroy, workspace, "")
	if err := fault.delay(ctx); err != nil {
		return err
	}
	if fault.Err != nil {
		return fault.Err
	}
	if running := r.Processes(workspace); len(running) > 0 {
		return fmt.Errorf("remove the files of workspace %s: its process %s still runs; stop it first",
			workspace, running[0].Spec().ID)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.logs, workspace)
	delete(r.catalogs, workspace)
	return nil
}

// Logs returns the newest lines of the workspace's log.
func (r *Runtime) Logs(_ context.Context, workspace string, n int) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.logs[workspace]
	return slices.Clone(lines[max(0, len(lines)-max(0, n)):]), nil
}

// Log adds a line to the workspace's log.
func (r *Runtime) Log(workspace, line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs[workspace] = append(r.logs[workspace], line)
}

// Calls are the calls since the last Forget, in the order in which they began.
func (r *Runtime) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// Forget empties the record of calls.
func (r *Runtime) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = nil
}

// Processes are the running processes of the workspace, oldest first; of all workspaces for "".
func (r *Runtime) Processes(workspace string) []*Process {
	r.mu.Lock()
	defer r.mu.Unlock()
	running := slices.DeleteFunc(slices.Collect(maps.Values(r.processes)), func(p *Process) bool {
		return workspace != "" && p.Spec().Workspace != workspace
	})
	slices.SortFunc(running, func(a, b *Process) int { return a.pid - b.pid })
	return running
}

// Kill ends the workspace's processes as SIGKILL from elsewhere does.
func (r *Runtime) Kill(workspace string) {
	for _, p := range r.Processes(workspace) {
		p.Kill()
	}
}

// takeTime lets the time pass that a boot takes.
func (r *Runtime) takeTime(ctx context.Context) error {
	if r.options.BootTime == 0 {
		return nil
	}
	timer := time.NewTimer(r.options.BootTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// record notes the call and takes the fault that strikes it.
func (r *Runtime) record(op Op, workspace, id string) Fault {
	return r.recordCall(Call{Op: op, Workspace: workspace, ID: id})
}

func (r *Runtime) recordCall(c Call) Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
	return r.strike(c.Op, c.Workspace)
}

// forget ends the process's place among the running ones.
func (r *Runtime) forget(p *Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.processes, key{p.Spec().Workspace, p.Spec().ID})
}

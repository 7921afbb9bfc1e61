package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// errClosed is what a runtime answers after its Close.
var errClosed = errors.New("the process runtime is closed")

// launch starts a process and begins to look after it.
func (r *Runtime) launch(spec runtime.Spec) (*instance, error) {
	if err := checkNames(spec.Workspace, spec.ID); err != nil {
		return nil, err
	}
	if spec.Workspace == "" && spec.UserID != 0 {
		return nil, fmt.Errorf("a standby of no workspace cannot run as user %d, which is a workspace's", spec.UserID)
	}
	user, err := credential(spec.UserID)
	if err != nil {
		return nil, err
	}
	id := identity{
		BootID: r.bootID,
		Socket: r.layout.socket(spec.Workspace, spec.ID),
		UserID: uint32(unix.Geteuid()),
	}
	if user != nil {
		id.UserID, id.Isolated = spec.UserID, true
	}
	c := command{
		path: r.options.Node(spec.Bundle),
		args: r.arguments(spec, id.Socket),
		dir:  r.layout.home(spec.Workspace),
		env:  r.environment(spec.Workspace),
		user: user,
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	k := key{spec.Workspace, spec.ID}
	if r.closed {
		return nil, errClosed
	}
	if r.processes[k] != nil {
		return nil, errors.New("a process of this id runs already")
	}
	if err := r.layout.prepare(spec.Workspace, id.UserID); err != nil {
		return nil, err
	}
	logs := r.layout.logs(spec.Workspace)
	if err := pruneLogs(logs, r.logged); err != nil {
		r.options.Logger.Warn("old logs were not removed", "workspace", spec.Workspace, "error", err)
	}
	id.StartedAt = time.Now()
	if c.out, err = createLog(logs, spec.ID, id.StartedAt); err != nil {
		return nil, err
	}
	defer c.out.Close()
	id.Log = c.out.Name()
	t, err := launch(c)
	if err != nil {
		err = explainDenied(err, spec.UserID, c.dir, c.path)
		return nil, errors.Join(err, removeLog(id.Log))
	}
	id.PID = t.pid
	if id.StartTicks, err = startTicks(t.pid); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.kill()
		_, _ = t.wait()
		t.release()
		return nil, fmt.Errorf("look at process %d: %w", t.pid, err)
	}
	return r.keep(k, t, id)
}

// recover finds the process of the handle and begins to look after it, unless this runtime does so already.
func (r *Runtime) recover(handle runtime.Handle) (*instance, error) {
	if err := checkNames(handle.Workspace, handle.ID); err != nil {
		return nil, err
	}
	socket := r.layout.socket(handle.Workspace, handle.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	k := key{handle.Workspace, handle.ID}
	if r.closed {
		return nil, errClosed
	}
	if p := r.processes[k]; p != nil {
		return p, nil
	}
	id, err := identityOf(handle, socket)
	var t *task
	if err == nil {
		t, err = adopt(id)
	}
	if errors.Is(err, runtime.ErrGone) {
		return nil, errors.Join(err, ignoreMissing(os.Remove(id.Socket)))
	}
	if err != nil {
		return nil, err
	}
	return r.keep(k, t, id)
}

// keep makes the task an instance and watches it. The caller holds the lock.
func (r *Runtime) keep(k key, t *task, id identity) (*instance, error) {
	p := &instance{runtime: r, id: id, task: t, exited: make(chan struct{}), left: make(chan struct{})}
	if err := p.own(k, id.Log); err != nil {
		return nil, err
	}
	p.control = connect(id.Socket, id.PID, id.UserID)
	r.processes[k] = p
	r.logs[id.Log] = struct{}{}
	r.running.Go(p.watch)
	return p, nil
}

// forget ends looking after the process.
func (r *Runtime) forget(p *instance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	owned := p.owned.Load()
	delete(r.processes, owned.key)
	delete(r.logs, owned.log)
}

// logged says whether a live process writes to the log. The caller holds the lock.
func (r *Runtime) logged(path string) bool {
	_, ok := r.logs[path]
	return ok
}

// arguments are node's.
func (r *Runtime) arguments(spec runtime.Spec, socket string) []string {
	return append(heapFlags(spec.MemoryLimitMiB),
		filepath.Join(r.options.HostDir, "host.mjs"),
		"--bundle", spec.Bundle, controlFlag, socket, "--workspace", folderName(spec.Workspace))
}

// environment is the whole environment of a process. It carries no secret and nothing of orbitd's own.
func (r *Runtime) environment(workspace string) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + r.layout.home(workspace),
		"TMPDIR=" + r.layout.tmp(workspace),
		"NODE_ENV=production",
		"NODE_COMPILE_CACHE=" + r.layout.cache(workspace),
	}
}

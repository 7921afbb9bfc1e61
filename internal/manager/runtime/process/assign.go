package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// Assign gives a standby of no workspace to the workspace. The control socket stays where it is; the log moves, and the
// process goes on writing to it. Home and temporary folder are told with the config. See runtime.Process.
func (p *instance) Assign(_ context.Context, workspace string) error {
	if err := p.assign(workspace); err != nil {
		return fmt.Errorf("assign standby %s to workspace %s: %w", p.key().id, workspace, err)
	}
	return nil
}

func (p *instance) assign(workspace string) error {
	if err := checkWorkspace(workspace); err != nil {
		return err
	}
	r := p.runtime
	r.mu.Lock()
	defer r.mu.Unlock()
	before := p.owned.Load()
	next := key{workspace, before.key.id}
	switch {
	case r.closed:
		return errClosed
	case before.key.workspace != "":
		return fmt.Errorf("it is workspace %s's", before.key.workspace)
	case r.processes[before.key] != p:
		return errEnded
	case r.processes[next] != nil:
		return errors.New("a process of this id runs already")
	}
	if err := r.layout.prepare(workspace, p.id.UserID); err != nil {
		return err
	}
	// What it writes from now on is the newest of the workspace.
	log := filepath.Join(r.layout.logs(workspace), logName(next.id, time.Now()))
	if err := os.Rename(before.log, log); err != nil {
		return err
	}
	if err := p.own(next, log); err != nil {
		return err
	}
	delete(r.processes, before.key)
	delete(r.logs, before.log)
	r.processes[next] = p
	r.logs[log] = struct{}{}
	return nil
}

// Unassigned lists the standbys of no workspace. A process is one as long as it writes to a log of theirs: its arguments
// stay what they were when it is assigned. See runtime.Runtime.
func (r *Runtime) Unassigned(context.Context) ([]runtime.Handle, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("look for standbys: %w", err)
	}
	sockets, logs := r.layout.sockets(""), r.layout.logs("")
	var handles []runtime.Handle
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		socket := controlSocket(pid)
		if filepath.Dir(socket) != sockets || !runsAs(pid, uint32(os.Geteuid())) {
			continue
		}
		// A process that has ended meanwhile has no log.
		log, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", pid))
		if err == nil && filepath.Dir(log) == logs {
			handles = append(handles, runtime.Handle{
				Version: runtime.HandleVersion, Runtime: Name, ID: strings.TrimSuffix(filepath.Base(socket), socketSuffix),
			})
		}
	}
	return handles, nil
}

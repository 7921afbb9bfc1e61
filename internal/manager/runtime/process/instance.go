package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// instance is one process that this runtime looks after. It implements runtime.Process.
type instance struct {
	runtime *Runtime
	id      identity
	task    *task
	control *control
	owned   atomic.Pointer[ownership] // replaced as a whole, under the runtime's lock
	exited  chan struct{}
	left    chan struct{} // closed when the runtime was closed: the end of the process will not be noticed here

	mu        sync.Mutex
	requested bool
	exit      runtime.Exit
}

var _ runtime.Process = (*instance)(nil)

// ownership is what Assign changes of a process.
type ownership struct {
	key    key
	log    string
	handle runtime.Handle
	logger *slog.Logger
}

// own makes the workspace of k the process's.
func (p *instance) own(k key, log string) error {
	id := p.id
	id.Log = log
	data, err := json.Marshal(id)
	if err != nil {
		return err
	}
	p.owned.Store(&ownership{
		key: k, log: log,
		handle: runtime.Handle{
			Version: runtime.HandleVersion, Runtime: Name, Workspace: k.workspace, ID: k.id, Data: data,
		},
		logger: p.runtime.options.Logger.With("workspace", k.workspace, "process", k.id, "pid", p.id.PID),
	})
	return nil
}

// key names the process.
func (p *instance) key() key { return p.owned.Load().key }

func (p *instance) logger() *slog.Logger { return p.owned.Load().logger }

// watch waits for the end of the process, or of the runtime, and cleans up.
func (p *instance) watch() {
	exit, err := p.task.wait()
	if err != nil { // the runtime was closed, and the process lives on
		close(p.left)
		p.control.drop()
		if !errors.Is(err, os.ErrClosed) {
			p.logger().Error("the process can no longer be watched", "error", err)
		}
		return
	}
	p.task.release()
	p.mu.Lock()
	exit.Requested = p.requested
	p.exit = exit
	p.mu.Unlock()
	_ = os.Remove(p.id.Socket)
	p.runtime.forget(p)
	close(p.exited)
	p.control.close()
	p.logger().Info("process ended", "exit", exit.String())
}

// kill ends the process at once and waits for that.
func (p *instance) kill() {
	p.task.kill()
	select {
	case <-p.exited:
	case <-p.left:
	}
}

// Handle identifies the process to Recover.
func (p *instance) Handle() runtime.Handle { return p.owned.Load().handle }

// Push gives the process its whole new config and looks for its effect.
func (p *instance) Push(ctx context.Context, config runtime.Config, looks []changeplan.Look) error {
	r := request{Op: "config", Config: config.Document, Redact: config.Redact}
	for _, l := range looks {
		r.Looks = append(r.Looks, look{Path: l.Path, Kind: l.Kind, Route: l.Route, WithinMS: l.Within.Milliseconds()})
	}
	a, err := p.control.call(ctx, r)
	if err == nil && len(a.Unseen) > 0 {
		err = &runtime.UnseenError{Unseen: a.Unseen}
	}
	if err != nil {
		return fmt.Errorf("push config to workspace %s: %w", p.key().workspace, err)
	}
	return nil
}

// Address is where the process listens.
func (p *instance) Address() string {
	port := p.control.confirmed()
	if port == 0 || p.hasExited() {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// Stats says what the process uses now.
func (p *instance) Stats(context.Context) (runtime.Stats, error) {
	memory, err := residentBytes(p.id.PID)
	if p.hasExited() {
		err = runtime.ErrGone
	}
	if err != nil {
		return runtime.Stats{}, fmt.Errorf("measure process %d of workspace %s: %w", p.id.PID, p.key().workspace, err)
	}
	return runtime.Stats{
		PID: p.id.PID, StartedAt: p.id.StartedAt, MemoryBytes: memory, MemoryLimit: memoryLimit, Isolated: p.id.Isolated,
	}, nil
}

// Exited is closed when the process has ended.
func (p *instance) Exited() <-chan struct{} { return p.exited }

// Exit says how the process ended.
func (p *instance) Exit() runtime.Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

func (p *instance) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// endsWithin waits for the end of the process, at most so long. It returns ctx's error when that ends first.
func (p *instance) endsWithin(ctx context.Context, d time.Duration) (bool, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true, nil
	case <-p.left:
		return false, errClosed
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

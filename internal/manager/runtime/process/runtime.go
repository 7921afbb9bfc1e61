// Package process runs Backstage instances as processes of this machine: one Node process per instance process, in a
// session of its own, so that it outlives orbitd and is adopted by the next one.
//
// As root each workspace runs as a user of its own. That user has to pass every folder on the way to the bundle, to
// HostDir, to RunDir and to DataDir: the caller gives them, and the folders above them, the mode 0711 or 0755. RunDir,
// DataDir/instances and everything below are this package's own, with the modes that layout says. The files of the
// bundle and of HostDir must be readable by everybody.
//
// Linux only: it rests on pidfds and on /proc.
package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// Name is the runtime's name as the flag and handles have it.
const Name = "process"

// The defaults of Options.
const (
	DefaultStartTimeout = time.Minute // loads a release in 2 s on 2 idle cores; a machine that boots is not idle
	DefaultLogBytes     = 10 << 20
)

const (
	rotateEvery    = 15 * time.Second
	recoverTimeout = 5 * time.Second // for the first answer of an adopted process
)

// Options are what New needs.
type Options struct {
	// RunDir is where control sockets are: a folder of this runtime alone, with a path of at most 68 bytes.
	RunDir string
	// DataDir is where the folder "instances" with logs and homes is.
	DataDir string
	// HostDir is the folder with host.mjs.
	HostDir string
	// Node is the path of the node program in a bundle; nil means bundle.Node.
	Node func(bundle string) string
	// Logger gets one line for each event; nil means none.
	Logger *slog.Logger
	// StartTimeout bounds Start; 0 means DefaultStartTimeout.
	StartTimeout time.Duration
	// LogBytes is the size at which a log is rotated; 0 means DefaultLogBytes. A process keeps two such files at most.
	LogBytes int64
}

// Runtime runs instances as processes of this machine. It implements runtime.Runtime.
type Runtime struct {
	options Options
	layout  layout
	bootID  string

	closing context.CancelFunc
	running sync.WaitGroup // every goroutine of the runtime and its processes

	mu        sync.Mutex
	closed    bool
	processes map[key]*instance
	logs      map[string]struct{} // the logs that a live process writes to
}

// key tells processes apart.
type key struct{ workspace, id string }

var _ runtime.Runtime = (*Runtime)(nil)

// New makes the folders and starts to look after the logs. Close ends that.
func New(options Options) (*Runtime, error) {
	if options.Node == nil {
		options.Node = bundle.Node
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.StartTimeout == 0 {
		options.StartTimeout = DefaultStartTimeout
	}
	if options.LogBytes == 0 {
		options.LogBytes = DefaultLogBytes
	}
	for _, dir := range []*string{&options.RunDir, &options.DataDir, &options.HostDir} {
		absolute, err := filepath.Abs(*dir) // a process starts in its own folder
		if err != nil {
			return nil, fmt.Errorf("prepare the process runtime: %w", err)
		}
		*dir = absolute
	}
	folders, err := newLayout(options.RunDir, options.DataDir)
	if err != nil {
		return nil, fmt.Errorf("prepare the process runtime: %w", err)
	}
	boot, err := bootID()
	if err != nil {
		return nil, fmt.Errorf("prepare the process runtime: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Runtime{
		options: options, layout: folders, bootID: boot, closing: cancel,
		processes: map[key]*instance{}, logs: map[string]struct{}{},
	}
	r.running.Go(func() { r.keepLogsSmall(ctx) })
	return r, nil
}

// Close lets go of the processes: they live on, and a later Recover adopts them. Nothing of them is reported any more,
// Exited included. It is idempotent.
func (r *Runtime) Close() error {
	r.closing()
	r.mu.Lock()
	r.closed = true
	for _, p := range r.processes {
		p.task.release()
	}
	r.mu.Unlock()
	r.running.Wait()
	return nil
}

// Name is "process".
func (r *Runtime) Name() string { return Name }

// Start starts a process and returns it in standby. A process that does not get there is killed; the error is then a
// *runtime.BootError, except when ctx was cancelled.
func (r *Runtime) Start(ctx context.Context, spec runtime.Spec) (runtime.Process, error) {
	p, err := r.start(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start process %s of workspace %s: %w", spec.ID, spec.Workspace, err)
	}
	return p, nil
}

func (r *Runtime) start(ctx context.Context, spec runtime.Spec) (*instance, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := r.launch(spec) //nolint:contextcheck // the process outlives the call
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.options.StartTimeout)
	defer cancel()
	if err := p.awaitStandby(ctx); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// Recover adopts the process that the handle identifies. See runtime.Runtime.
func (r *Runtime) Recover(ctx context.Context, handle runtime.Handle) (runtime.Process, error) {
	p, err := r.recover(handle) //nolint:contextcheck // the process outlives the call
	if errors.Is(err, runtime.ErrGone) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("adopt process %s of workspace %s: %w", handle.ID, handle.Workspace, err)
	}
	ctx, cancel := context.WithTimeout(ctx, recoverTimeout)
	defer cancel()
	if _, err := p.control.call(ctx, request{Op: "status"}); err != nil {
		select {
		case <-p.exited:
			return nil, runtime.ErrGone
		default:
			p.logger().Warn("adopted a process that does not answer", "error", err)
		}
	}
	return p, nil
}

// Destroy removes the workspace's folders. It refuses while one of its processes runs.
func (r *Runtime) Destroy(_ context.Context, workspace string) error {
	if err := checkWorkspace(workspace); err != nil {
		return fmt.Errorf("remove the files of an instance: %w", err)
	}
	if id, runs := r.runs(workspace); runs {
		return fmt.Errorf("remove the files of workspace %s: its process %s still runs; stop it first", workspace, id)
	}
	if err := r.layout.remove(workspace); err != nil {
		return fmt.Errorf("remove the files of workspace %s: %w", workspace, err)
	}
	return nil
}

// runs names a process of the workspace that runs, if there is one.
func (r *Runtime) runs(workspace string) (id string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.processes {
		if k.workspace == workspace {
			return k.id, true
		}
	}
	return "", false
}

// Logs returns the tail of the workspace's log. Processes follow each other in the order in which they started.
func (r *Runtime) Logs(_ context.Context, workspace string, n int) ([]string, error) {
	if err := checkWorkspace(workspace); err != nil {
		return nil, fmt.Errorf("read the log of an instance: %w", err)
	}
	paths, err := logFiles(r.layout.logs(workspace))
	if err != nil {
		return nil, fmt.Errorf("read the log of workspace %s: %w", workspace, err)
	}
	lines, err := tailLogs(paths, n)
	if err != nil {
		return nil, fmt.Errorf("read the log of workspace %s: %w", workspace, err)
	}
	return lines, nil
}

// keepLogsSmall rotates logs until ctx ends.
func (r *Runtime) keepLogsSmall(ctx context.Context) {
	tick := time.NewTicker(rotateEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.rotateLogs()
		}
	}
}

// rotateLogs rotates the logs of the live processes that are too large.
func (r *Runtime) rotateLogs() {
	r.mu.Lock()
	paths := make([]string, 0, len(r.logs))
	for path := range r.logs {
		paths = append(paths, path)
	}
	r.mu.Unlock()
	for _, path := range paths {
		if err := rotate(path, r.options.LogBytes); err != nil {
			r.options.Logger.Warn("a log was not rotated", "log", path, "error", err)
		}
	}
}

// Package runtime says how orbitd runs Backstage processes, whatever carries them: processes of this machine today,
// pods of a Kubernetes cluster later.
//
// An instance may have several processes at the same time: blue, which serves, green, which is being prepared, and one
// that drains. The life of one process:
//
//	Start ──▶ standby ──Activate──▶ ready ──Push──▶ ready
//	             │          │         │
//	             └──────────┴─────────┴──Stop, or it ends by itself──▶ exited (Exited is closed)
//
// Where instances share a user of the operating system, a standby can be started for no workspace and be assigned to
// the one that needs it first; only then it is activated.
//
// A process outlives orbitd. Its Handle is stored before the process is given anything to do, and Recover turns it
// into a Process again.
package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// ErrGone is what Recover returns for a process that no longer runs.
var ErrGone = errors.New("the process no longer runs")

// Runtime starts, adopts and forgets Backstage processes. All methods may be called concurrently.
type Runtime interface {
	// Name is the runtime's name as the flag has it: "process", "kubernetes", "fake".
	Name() string
	// Start starts a process that loads the bundle's packages and waits for its config. It returns when the process
	// is in standby or has failed; a failure leaves nothing behind.
	Start(ctx context.Context, spec Spec) (Process, error)
	// Unassigned lists the processes that were started for no workspace and are assigned to none, whichever orbitd
	// started them. Nothing else remembers them: an orbitd that begins recovers and stops them.
	Unassigned(ctx context.Context) ([]Handle, error)
	// Recover adopts a process that an earlier orbitd started, in whatever state it is. It returns ErrGone when it no
	// longer runs, after removing what it left. A process that lives and does not answer is adopted without an
	// Address: all that is sure to work then is Stop. A handle without Data, made before Start was called, finds the
	// process that Start made of this Workspace and ID, if it came to that.
	Recover(ctx context.Context, handle Handle) (Process, error)
	// Destroy removes what the workspace's processes leave between them: logs, sockets, the home folder. All its
	// processes have ended before. It is idempotent.
	Destroy(ctx context.Context, workspace string) error
	// Logs returns at most n of the newest lines of the workspace's log, oldest first, as Backstage wrote them: the
	// caller masks secrets.
	Logs(ctx context.Context, workspace string, n int) ([]string, error)
}

// Spec is what a process is made from. It carries no secret.
type Spec struct {
	// Workspace is the tenant; "" for a standby of no workspace yet, which has no UserID.
	Workspace string
	// ID tells the processes of a workspace apart; a DNS label of at most 20 characters, never used twice.
	ID string
	// Bundle is the installed bundle: for the process runtime a folder.
	Bundle string
	// UserID is the operating system's user of the workspace; 0 runs it as orbitd's own user.
	UserID uint32
	// MemoryLimitMiB limits the process's memory.
	MemoryLimitMiB int
}

// Process is one Backstage process.
type Process interface {
	// Handle identifies the process to Recover.
	Handle() Handle
	// Assign gives a standby of no workspace to the workspace: log, folders and Handle are that workspace's from then
	// on, and Activate works. The Handle from before finds it still. It fails, and does no harm, for a process that has
	// a workspace or has ended.
	Assign(ctx context.Context, workspace string) error
	// Activate gives the process its config and returns when Backstage has started and is ready. It works once in the
	// life of a process: a later call fails and does no harm. A Backstage that does not start, or not before ctx's
	// deadline, gives a *BootError, and the process has ended then. A ctx that is cancelled gives its error and leaves
	// the process as it is, because a later orbitd may adopt it.
	Activate(ctx context.Context, boot Boot) error
	// Push gives a ready process its whole new config without a restart, and returns when its listeners have run and
	// the looks have seen what they look for. A *UnseenError is a process that took the config and does not do the new
	// thing. Any other failure says nothing about which part was taken in. Messages can quote config.
	Push(ctx context.Context, config Config, looks []changeplan.Look) error
	// Address is host:port of the ready process, as its control connection confirmed it; "" before that, after its
	// end, and while that connection is lost.
	Address() string
	// Stats says what the process uses now.
	Stats(ctx context.Context) (Stats, error)
	// Stop ends the process: it finishes requests for at most grace and is then killed. It returns when the process
	// has ended and is idempotent. A ctx that ends before gives its error; the process goes on ending.
	Stop(ctx context.Context, grace time.Duration) error
	// Exited is closed when the process has ended, for whatever reason.
	Exited() <-chan struct{}
	// Exit says how it ended; the zero value before Exited is closed.
	Exit() Exit
}

// Config is an effective app-config with every reference replaced, and so with secrets in it: it is never logged and
// never written to a file.
type Config struct {
	// Document is the JSON object. Its backend.listen.port is the process's own choice.
	Document json.RawMessage
	// Redact are the values that Backstage masks in its own log.
	Redact []string
}

// Unseen is an effect of a pushed config that was looked for in vain.
type Unseen struct {
	// Path is that of the look.
	Path string `json:"path"`
	// Why says what was seen instead. It never carries a value of the config.
	Why string `json:"why"`
}

// UnseenError is a push that a process took without doing all of it in time.
type UnseenError struct {
	// Unseen is what was not seen, at least one.
	Unseen []Unseen
}

// Error says for each path what was seen instead.
func (e *UnseenError) Error() string {
	parts := make([]string, len(e.Unseen))
	for i, u := range e.Unseen {
		parts[i] = u.Path + ": " + u.Why
	}
	return "not taken up: " + strings.Join(parts, "; ")
}

// Boot is what a standby is activated with.
type Boot struct {
	Config
}

// HandleVersion is the version of the handles that this orbitd writes.
const HandleVersion = 1

// Handle identifies a process across restarts of orbitd. Data is the runtime's own.
type Handle struct {
	Version   int             `json:"version"`
	Runtime   string          `json:"runtime"`
	Workspace string          `json:"workspace"`
	ID        string          `json:"id"`
	Data      json.RawMessage `json:"data,omitempty"`
}

// Stats is what a process uses.
type Stats struct {
	// PID is the process's id; 0 where instances are not processes of this machine.
	PID int
	// StartedAt is when the process started.
	StartedAt time.Time
	// MemoryBytes is the resident memory.
	MemoryBytes int64
	// MemoryLimit says what enforces the limit: "cgroup" or "heap".
	MemoryLimit string
	// Isolated says whether the process runs as a user of its own.
	Isolated bool
}

// Exit says how a process ended.
type Exit struct {
	// Code is the exit code; -1 when a signal ended it or when it is unknown.
	Code int
	// Signal names the signal that ended it, if one did and it is known.
	Signal string
	// Requested says that Stop ended it.
	Requested bool
	// At is when the end was noticed.
	At time.Time
}

// String says how the process ended, for people.
func (e Exit) String() string {
	switch {
	case e.Requested:
		return "stopped"
	case e.Signal != "":
		return "killed by " + e.Signal
	case e.Code < 0:
		return "ended"
	default:
		return fmt.Sprintf("exited with code %d", e.Code)
	}
}

// BootError is a Backstage that could not be brought up. Its message is Backstage's own and can quote config.
type BootError struct {
	// Code is one of load_failed, boot_failed, boot_timeout and process_exited.
	Code orbit.Code
	// Plugin is the package at fault, or "" when none can be named.
	Plugin string
	// Message is what Backstage said, in a line or a few.
	Message string
	// LogTail are the process's last log lines, oldest first, as it wrote them: the caller masks secrets.
	LogTail []string
}

// Error names the plugin, if one is known, and the cause.
func (e *BootError) Error() string {
	if e.Plugin != "" {
		return fmt.Sprintf("plugin %s: %s", e.Plugin, e.Message)
	}
	return e.Message
}

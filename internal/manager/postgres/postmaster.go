package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"
)

const (
	pidFile     = "postmaster.pid"
	pingTimeout = 5 * time.Second
	// killGrace is how long a server may take to end when it was told to end at once.
	killGrace = 5 * time.Second
	// watchPoll is how often a watch looks whether it was abandoned; the server's end it notices at once.
	watchPoll = 100 * time.Millisecond
)

// postmaster is a running server, started by this process or adopted. It is followed by a file descriptor of the
// process, so that no other process that gets its id later is ever taken for it.
type postmaster struct {
	pid       int
	dataDir   string
	socketDir string
	// exited is closed when the process has ended.
	exited chan struct{}

	process   *os.File
	abandoned chan struct{}
	once      sync.Once
	watching  chan struct{}
	ending    unix.WaitStatus
	reaped    bool
}

// watch follows the process with this id until it ends or is abandoned.
func watch(pid int, dataDir, socketDir string) (*postmaster, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("follow the process %d: %w", pid, err)
	}
	p := &postmaster{
		pid: pid, dataDir: dataDir, socketDir: socketDir, exited: make(chan struct{}),
		process: os.NewFile(uintptr(fd), "postmaster"), abandoned: make(chan struct{}), watching: make(chan struct{}),
	}
	go p.follow(fd)
	return p, nil
}

func (p *postmaster) follow(fd int) {
	defer close(p.watching)
	for {
		waited := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(waited, int(watchPoll.Milliseconds())); err == nil && n > 0 {
			// Only a child can be waited for; an adopted one is its new parent's.
			if pid, err := unix.Wait4(p.pid, &p.ending, unix.WNOHANG, nil); err == nil && pid == p.pid {
				p.reaped = true
			}
			close(p.exited)
			return
		}
		select {
		case <-p.abandoned:
			return
		default:
		}
	}
}

// abandon ends the watch and leaves the process alone. It is idempotent.
func (p *postmaster) abandon() {
	p.once.Do(func() {
		close(p.abandoned)
		<-p.watching
		_ = p.process.Close()
	})
}

// status says how the process ended; only after exited was closed.
func (p *postmaster) status() string {
	switch {
	case !p.reaped:
		return "how is unknown"
	case p.ending.Signaled():
		return "killed by " + p.ending.Signal().String()
	default:
		return fmt.Sprintf("exit code %d", p.ending.ExitStatus())
	}
}

// stop ends the server with a fast shutdown. When ctx ends before that, it ends at once, and is killed if need be.
func (p *postmaster) stop(ctx context.Context) error {
	defer p.abandon()
	select {
	case <-p.watching:
		select {
		case <-p.exited:
			return p.awaitChildren()
		default:
			return nil // abandoned: it is another's now
		}
	default:
	}
	p.signal(unix.SIGINT)
	select {
	case <-p.exited:
		return p.awaitChildren()
	case <-ctx.Done():
	}
	for _, signal := range []unix.Signal{unix.SIGQUIT, unix.SIGKILL} {
		p.signal(signal)
		select {
		case <-p.exited:
			return p.awaitChildren()
		case <-time.After(killGrace):
		}
	}
	return fmt.Errorf("the process %d does not end: %w", p.pid, context.Cause(ctx))
}

// awaitChildren returns when no process of the server is left. The one that writes its log ends after all others, and
// those of a killed server when they notice. No process tells of their end, so it looks.
func (p *postmaster) awaitChildren() error {
	const poll = 10 * time.Millisecond
	deadline := time.After(killGrace)
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for processesIn(p.dataDir) {
		select {
		case <-ticker.C:
		case <-deadline:
			return fmt.Errorf("the server ended and processes of it remain, %s after that", killGrace)
		}
	}
	return nil
}

// signal sends a signal to the process, if it still runs.
func (p *postmaster) signal(signal unix.Signal) {
	_ = unix.PidfdSendSignal(int(p.process.Fd()), signal, nil, 0)
}

// ping connects as the superuser.
func (p *postmaster) ping(ctx context.Context, password string) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	config, err := pgx.ParseConfig("")
	if err != nil {
		return err
	}
	config.Host, config.Port = p.socketDir, port
	config.User, config.Password, config.Database = Superuser, password, "postgres"
	config.TLSConfig, config.Fallbacks = nil, nil
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// isRefusal says whether the server is up and does not know the password.
func isRefusal(err error) bool {
	const invalidPassword, invalidAuthorization = "28P01", "28000"
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == invalidPassword || refused.Code == invalidAuthorization)
}

// findPostmaster returns the server that runs on dataDir. The id in postmaster.pid counts only if that process works
// in dataDir, as every postmaster does: after a reboot another process can have it.
func findPostmaster(dataDir string) (*postmaster, bool) {
	text, err := os.ReadFile(filepath.Join(dataDir, pidFile))
	if err != nil {
		return nil, false
	}
	const pidLine, socketLine = 0, 4
	lines := strings.Split(string(text), "\n")
	if len(lines) <= socketLine {
		return nil, false
	}
	pid, err := strconv.Atoi(lines[pidLine])
	if err != nil || pid <= 1 {
		return nil, false
	}
	server, err := watch(pid, dataDir, lines[socketLine])
	if err != nil {
		return nil, false
	}
	if !worksIn(pid, dataDir) {
		server.abandon()
		return nil, false
	}
	return server, true
}

// reachable says whether the server's socket is there. One that is starting has none yet, but a folder for it.
func (p *postmaster) reachable() bool {
	_, err := os.Stat(p.socketDir)
	return err == nil
}

// removeStalePIDFile removes what a server that is gone left. PostgreSQL does so too, but not when another process of
// the same user has got the id by now, as happens after a reboot.
func removeStalePIDFile(dataDir string) error {
	if processesIn(dataDir) {
		return nil
	}
	err := os.Remove(filepath.Join(dataDir, pidFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func worksIn(pid int, dataDir string) bool {
	return isWorkedIn(fmt.Sprintf("/proc/%d/cwd", pid), dataDir)
}

// processesIn says whether any process works in dataDir, as all of a server's do.
func processesIn(dataDir string) bool {
	folders, err := filepath.Glob("/proc/[0-9]*/cwd")
	return err == nil && slices.ContainsFunc(folders, func(folder string) bool { return isWorkedIn(folder, dataDir) })
}

func isWorkedIn(folder, dataDir string) bool {
	there, err := os.Stat(folder)
	if err != nil {
		return false
	}
	wanted, err := os.Stat(dataDir)
	return err == nil && os.SameFile(there, wanted)
}

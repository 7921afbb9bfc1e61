package process

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// task is a process of the operating system that leads a session of its own. It is held by a pidfd, so that it cannot
// be taken for another process, whether this program started it or an earlier one did.
type task struct {
	pid      int
	fd       *os.File
	released atomic.Bool
}

// newTask takes over the pidfd of the process.
func newTask(pid, pidfd int) (*task, error) {
	// Only a descriptor that does not block is watched by Go's poller, and only then can closing it end a wait.
	if err := unix.SetNonblock(pidfd, true); err != nil {
		_ = unix.Close(pidfd)
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	return &task{pid: pid, fd: os.NewFile(uintptr(pidfd), fmt.Sprintf("pidfd of %d", pid))}, nil
}

// adopt finds the running process again; runtime.ErrGone when it no longer runs. What a dead leader left of its process
// group is killed.
func adopt(id identity) (*task, error) {
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	if boot != id.BootID {
		return nil, runtime.ErrGone
	}
	fd, err := unix.PidfdOpen(id.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		// The kernel gives the number to nobody else while the group has members.
		_ = unix.Kill(-id.PID, unix.SIGKILL)
		return nil, runtime.ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("watch process %d: %w", id.PID, err)
	}
	// The start time is compared after the descriptor holds the process: whichever process it holds is the one compared.
	ticks, err := startTicks(id.PID)
	if err == nil && ticks == id.StartTicks {
		return newTask(id.PID, fd)
	}
	_ = unix.Close(fd)
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
		return nil, fmt.Errorf("look at process %d: %w", id.PID, err)
	}
	reap(id.PID)
	return nil, runtime.ErrGone
}

// wait returns when the process has ended, with how it ended; os.ErrClosed when release was called before. What is left
// of its process group is killed.
func (t *task) wait() (runtime.Exit, error) {
	raw, err := t.fd.SyscallConn()
	if err != nil {
		return runtime.Exit{}, err
	}
	var pollErr error
	err = raw.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for {
			n, err := unix.Poll(fds, 0)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			pollErr = err
			return n > 0 || err != nil
		}
	})
	if t.released.Load() {
		return runtime.Exit{}, os.ErrClosed
	}
	if err = errors.Join(err, pollErr); err != nil {
		return runtime.Exit{}, fmt.Errorf("wait for the end of process %d: %w", t.pid, err)
	}
	exit := runtime.Exit{Code: -1, At: time.Now()}
	// What is left of the group. As long as it has members, or its leader is not reaped, nobody else gets its number.
	_ = unix.Kill(-t.pid, unix.SIGKILL)
	if status, ok := reap(t.pid); ok {
		exit.Code = status.ExitStatus()
		if status.Signaled() {
			exit.Signal = unix.SignalName(status.Signal())
		}
	}
	return exit, nil
}

// reap takes the status of a child that has ended. A process that an earlier orbitd started is a child of init, unless
// this orbitd is that one executed anew.
func reap(pid int) (syscall.WaitStatus, bool) {
	var status syscall.WaitStatus
	for {
		got, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		return status, err == nil && got == pid
	}
}

// signal sends the process a signal; a process that has ended takes it silently.
func (t *task) signal(s unix.Signal) {
	if raw, err := t.fd.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.PidfdSendSignal(int(fd), s, nil, 0) })
	}
}

// kill ends the process; wait then ends what is left of its group.
func (t *task) kill() { t.signal(unix.SIGKILL) }

// release stops watching the process. It lives on.
func (t *task) release() {
	t.released.Store(true)
	_ = t.fd.Close()
}

package process

import (
	"fmt"
	"os"
	goruntime "runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// coreLimit switches core dumps off, in bytes. It is 1 and not 0 because the kernel hands the dump to a program named
// in core_pattern whatever the limit, except for exactly 1.
const coreLimit = 1

// command is what launch starts. The process gets nothing that is not in it.
type command struct {
	path string
	args []string
	dir  string
	env  []string
	// out takes stdout and stderr.
	out *os.File
	// user is the user to run as; nil for this program's own.
	user *syscall.Credential
}

// launch starts the command in a session of its own, with umask 077, without core dumps, and unable to gain rights. The
// process does not end with this program.
func launch(c command) (*task, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	pidfd := -1
	attr := &os.ProcAttr{
		Dir: c.dir, Env: c.env, Files: []*os.File{null, c.out, c.out},
		Sys: &syscall.SysProcAttr{Setsid: true, Credential: c.user, PidFD: &pidfd},
	}
	p, err := startConfined(c.path, append([]string{c.path}, c.args...), attr)
	if err != nil {
		return nil, err
	}
	pid := p.Pid
	_ = p.Release() // the pidfd is the better hold on it
	if pidfd < 0 {
		// A kernel without CLONE_PIDFD. The number is still the child's: nobody has reaped it.
		if pidfd, err = unix.PidfdOpen(pid, 0); err != nil {
			_ = unix.Kill(-pid, unix.SIGKILL)
			return nil, fmt.Errorf("watch process %d: %w", pid, err)
		}
	}
	t, err := newTask(pid, pidfd)
	if err != nil {
		_ = unix.Kill(-pid, unix.SIGKILL)
	}
	return t, err
}

// startConfined starts the process from a thread that has given up what the process must not inherit. Umask and the
// right to gain rights belong to a thread here, so that the rest of this program keeps its own; the thread ends with
// the goroutine, because it is never unlocked.
func startConfined(path string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	type result struct {
		p   *os.Process
		err error
	}
	done := make(chan result, 1)
	go func() {
		goruntime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			done <- result{err: fmt.Errorf("give the process a umask of its own: %w", err)}
			return
		}
		unix.Umask(0o077)
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			done <- result{err: fmt.Errorf("forbid the process to gain rights: %w", err)}
			return
		}
		restore, err := withoutCores()
		if err != nil {
			done <- result{err: fmt.Errorf("switch core dumps off: %w", err)}
			return
		}
		defer restore()
		p, err := os.StartProcess(path, argv, attr)
		done <- result{p, err}
	}()
	r := <-done
	return r.p, r.err
}

// withoutCores switches core dumps off for what is started until restore is called. This program's own limit has to move
// for that moment: the limit of a process that runs as another user could only be set with CAP_SYS_RESOURCE, which root
// does not have in a container.
func withoutCores() (restore func(), err error) {
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &own); err != nil {
		return nil, err
	}
	none := unix.Rlimit{Cur: min(coreLimit, own.Max), Max: own.Max}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &none); err != nil {
		return nil, err
	}
	return func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &own) }, nil
}

package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// successorGrace is how long a successor that is not wanted any more may take to end by itself.
const successorGrace = 5 * time.Second

// successor is the orbitd that is to take this one's place.
type successor struct {
	*link
	command *exec.Cmd
	ended   chan struct{}
}

// socket is a listener that is passed on, with the name that the successor knows it by.
type socket struct {
	name     string
	listener net.Listener
}

// sockets are what this orbitd listens with.
func (m *Manager) sockets() []socket {
	all := []socket{{apiSocket, m.api}, {gatewaySocket, m.proxy}}
	if m.plain != nil {
		all = append(all, socket{plainSocket, m.plain})
	}
	return all
}

// startSuccessor starts the program's file as it is now, with this process's arguments and environment and what was taken
// out of that, and gives it the sockets and the lock.
func startSuccessor(o Options, sockets []socket, lock *os.File) (*successor, error) {
	program, err := exec.LookPath(os.Args[0]) // as it was started: a link may lead to a newer version by now
	if err != nil {
		return nil, fmt.Errorf("start a successor: %w", err)
	}
	near, far, err := newLinks()
	if err != nil {
		return nil, err
	}
	defer func() { _ = far.Close() }()
	command := exec.Command(program, os.Args[1:]...) //nolint:gosec,noctx // this program again; it outlives this process
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	var names []string
	for _, s := range sockets {
		file, err := duplicate(s.listener.(*net.TCPListener))
		if err != nil {
			near.close()
			return nil, fmt.Errorf("pass on the socket of %s: %w", s.listener.Addr(), err)
		}
		defer func() { _ = file.Close() }()
		names = append(names, s.name)
		command.ExtraFiles = append(command.ExtraFiles, file)
	}
	names = append(names, lockDescriptor, predecessorLink)
	command.ExtraFiles = append(command.ExtraFiles, lock, far)
	command.Env = append(append(os.Environ(), o.secretVariables()...), listenCount+"="+strconv.Itoa(len(names)), listenNames+"="+strings.Join(names, ":"),
		predecessorPID+"="+strconv.Itoa(os.Getpid()))
	if err := command.Start(); err != nil {
		near.close()
		return nil, fmt.Errorf("start a successor: %w", err)
	}
	s := &successor{link: near, command: command, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		_ = command.Wait() // what it said over the link tells more
	}()
	return s, nil
}

// duplicate returns the listener's socket to be passed on. That of net.TCPListener.File becomes a blocking one when a
// process is started with it, in all processes that have it: an Accept of this one would hang, and its Close with it.
func duplicate(l *net.TCPListener) (*os.File, error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	descriptor, dupErr := -1, error(nil)
	err = raw.Control(func(fd uintptr) {
		descriptor, dupErr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err := errors.Join(err, dupErr); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(descriptor), l.Addr().String()), nil
}

func (s *successor) pid() int { return s.command.Process.Pid }

// await is link.await, in the words of an error about the successor.
func (s *successor) await(ctx context.Context, word string, timeout time.Duration) error {
	if err := s.link.await(ctx, word, timeout); err != nil {
		return fmt.Errorf("the successor (pid %d) did not take over: %w", s.pid(), err)
	}
	return nil
}

// end ends the successor and waits until it has.
func (s *successor) end() {
	defer s.close()
	for _, signal := range []os.Signal{unix.SIGTERM, unix.SIGKILL} {
		if err := s.command.Process.Signal(signal); errors.Is(err, os.ErrProcessDone) {
			break
		}
		timer := time.NewTimer(successorGrace)
		select {
		case <-s.ended:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
	<-s.ended
}

package manager

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The names that inherited file descriptors have. The sockets' are for systemd's FileDescriptorName= as well.
const (
	apiSocket       = "api"
	gatewaySocket   = "gateway"
	plainSocket     = "gateway-http"
	lockDescriptor  = "lock"
	predecessorLink = "predecessor"
)

// The environment of a process that inherits file descriptors, as sd_listen_fds(3) has it. The pid of an orbitd's
// successor is not known before it runs, so it is given its parent's instead.
const (
	listenPID          = "LISTEN_PID"
	listenCount        = "LISTEN_FDS"
	listenNames        = "LISTEN_FDNAMES"
	predecessorPID     = "ORBIT_PREDECESSOR_PID"
	firstDescriptor    = 3
	maxInheritedNumber = 64
)

// Inherited is what a process was given open: listening sockets by systemd, and by an orbitd that hands over to it also
// the lock of the data directory. The nil pointer stands for nothing.
type Inherited struct {
	api, gateway, plain net.Listener // nil where none was given
	lock                *os.File
	predecessor         *link
}

// Inherit takes what this process was given, once, and removes the traces in its environment, so that its children do
// not take it as theirs. It returns nil when nothing was given.
func Inherit() (*Inherited, error) {
	own := os.Getenv(listenPID) == strconv.Itoa(os.Getpid())
	parent := os.Getenv(predecessorPID)
	count, names := os.Getenv(listenCount), os.Getenv(listenNames)
	for _, name := range []string{listenPID, listenCount, listenNames, predecessorPID} {
		if err := os.Unsetenv(name); err != nil {
			return nil, fmt.Errorf("take the inherited sockets: %w", err)
		}
	}
	if parent != "" && parent != strconv.Itoa(os.Getppid()) {
		return nil, errors.New("take over from the orbitd before: it has ended")
	}
	if !own && parent == "" {
		return nil, nil //nolint:nilnil // nothing is no error
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxInheritedNumber {
		return nil, fmt.Errorf("take the inherited sockets: %s is %q", listenCount, count)
	}
	inherited := &Inherited{}
	for i, name := range strings.SplitN(names, ":", n) {
		unix.CloseOnExec(firstDescriptor + i)
		file := os.NewFile(uintptr(firstDescriptor+i), name)
		if err := inherited.take(name, file, parent != ""); err != nil {
			return nil, fmt.Errorf("take the inherited descriptor %q: %w", name, err)
		}
	}
	return inherited, nil
}

func (i *Inherited) apiListener() net.Listener {
	if i == nil {
		return nil
	}
	return i.api
}

func (i *Inherited) gatewayListener() net.Listener {
	if i == nil {
		return nil
	}
	return i.gateway
}

func (i *Inherited) plainListener() net.Listener {
	if i == nil {
		return nil
	}
	return i.plain
}

// before leads to the orbitd that hands over; nil when there is none.
func (i *Inherited) before() *link {
	if i == nil {
		return nil
	}
	return i.predecessor
}

// fail tells the orbitd that hands over why this one cannot take over.
func (i *Inherited) fail(err error) {
	if before := i.before(); before != nil {
		_ = before.send(wordFailed + err.Error()) // it may have ended; it notices the end of this process too
	}
}

// take keeps one file descriptor. Only an orbitd passes on more than sockets.
func (i *Inherited) take(name string, file *os.File, fromOrbitd bool) (err error) {
	switch {
	case name == apiSocket:
		i.api, err = listener(file)
	case name == gatewaySocket:
		i.gateway, err = listener(file)
	case name == plainSocket:
		i.plain, err = listener(file)
	case name == lockDescriptor && fromOrbitd:
		i.lock = file
	case name == predecessorLink && fromOrbitd:
		i.predecessor = newLink(file)
	default:
		err = fmt.Errorf("orbitd knows the names %s, %s and %s: set FileDescriptorName= in the socket unit", apiSocket, gatewaySocket, plainSocket)
	}
	return err
}

// listener makes a listener of the socket and closes the file.
func listener(file *os.File) (net.Listener, error) {
	defer func() { _ = file.Close() }()
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	if _, ok := listener.(*net.TCPListener); !ok {
		return nil, errors.Join(errors.New("it is no TCP socket"), listener.Close())
	}
	return listener, nil
}

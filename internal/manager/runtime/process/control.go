package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds of the control connection.
const (
	dialFirst    = 5 * time.Millisecond // wait after the first dial that failed; grows by half each time
	dialSlowest  = time.Second          // the longest wait between two dials
	dialTimeout  = 5 * time.Second      // for one dial
	drainTimeout = time.Second          // for reading what a process said before it ended
	maxTries     = 3                    // for a request that may be sent again
)

// errEnded is the fate of a request to a process that has ended, or that this runtime no longer looks after.
var errEnded = errors.New("the process has ended")

// control keeps one connection to a host for as long as the process lives, and connects again when it is lost.
type control struct {
	socket string
	pid    int
	uid    uint32

	// stopped is closed by stop, when there shall be no further connection.
	stopped <-chan struct{}
	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	link    *link
	changed chan struct{} // closed and replaced when link changes
	port    int           // what the host listens on, as the present connection said it
	failure error         // why the last dial failed
}

// connect starts to keep a connection to the host of process pid, run by uid, on the socket.
func connect(socket string, pid int, uid uint32) *control {
	ctx, cancel := context.WithCancel(context.Background())
	c := &control{
		socket: socket, pid: pid, uid: uid, stopped: ctx.Done(), stop: cancel, changed: make(chan struct{}),
	}
	c.running.Go(func() { c.keep(ctx) })
	return c
}

// close ends the connection after reading what the host may still have said, and waits for that.
func (c *control) close() {
	c.stop()
	c.mu.Lock()
	if c.link != nil {
		_ = c.link.conn.SetReadDeadline(time.Now().Add(drainTimeout))
	}
	c.mu.Unlock()
	c.running.Wait()
}

// drop ends the connection at once, whatever the host may still say.
func (c *control) drop() {
	c.stop()
	c.mu.Lock()
	if c.link != nil {
		_ = c.link.conn.Close()
	}
	c.mu.Unlock()
	c.running.Wait()
}

// keep dials until it succeeds, reads until the connection ends, and starts over until the control is stopped.
func (c *control) keep(ctx context.Context) {
	wait := dialFirst
	for {
		conn, err := c.dial(ctx)
		if err == nil {
			wait = dialFirst
			c.serve(ctx, newLink(conn))
		} else {
			c.mu.Lock()
			c.failure = err
			c.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			wait = min(wait+wait/2, dialSlowest)
		}
	}
}

// serve uses the link until it ends. Whatever was confirmed on it is unconfirmed afterwards.
func (c *control) serve(ctx context.Context, l *link) {
	c.install(l)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var asking sync.WaitGroup
	asking.Go(func() {
		if a, err := l.call(ctx, request{Op: "status"}); err == nil {
			c.confirm(l, a)
		}
	})
	select {
	case <-c.stopped: // between the dial and install nobody could give the connection its deadline
		_ = l.conn.SetReadDeadline(time.Now().Add(drainTimeout))
	default:
	}
	l.read()
	cancel()
	asking.Wait()
	c.install(nil)
}

// install makes l the present connection and tells who waits for one.
func (c *control) install(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link, c.port, c.failure = l, 0, nil
	close(c.changed)
	c.changed = make(chan struct{})
}

// confirm remembers the port that an answer on the present connection named.
func (c *control) confirm(l *link, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == l && a.Port != 0 {
		c.port = a.Port
	}
}

// confirmed is the port that the present connection named, 0 for none.
func (c *control) confirmed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.port
}

// dial connects and makes sure that the listener is the process and nobody else.
func (c *control) dial(ctx context.Context) (*net.UnixConn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "unix", c.socket)
	if err != nil {
		return nil, err
	}
	unixConn := conn.(*net.UnixConn)
	if err := c.checkPeer(unixConn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return unixConn, nil
}

// checkPeer compares the process behind the socket, as the kernel knows it, with the one that was started there.
func (c *control) checkPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var peerErr error
	if err := raw.Control(func(fd uintptr) {
		peer, peerErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if peerErr != nil {
		return fmt.Errorf("ask who listens on %s: %w", c.socket, peerErr)
	}
	if int(peer.Pid) != c.pid || peer.Uid != c.uid {
		return fmt.Errorf("process %d of user %d listens on %s in place of process %d of user %d",
			peer.Pid, peer.Uid, c.socket, c.pid, c.uid)
	}
	return nil
}

// call sends a request that may be sent again when the connection is lost before its answer.
func (c *control) call(ctx context.Context, r request) (answer, error) {
	var a answer
	var err error
	for range maxTries {
		if a, err = c.callOnce(ctx, r); !errors.Is(err, errLost) {
			return a, err
		}
	}
	return a, err
}

// callOnce sends a request at most once; errLost means that the host may or may not have taken it.
func (c *control) callOnce(ctx context.Context, r request) (answer, error) {
	l, err := c.present(ctx)
	if err != nil {
		return answer{}, err
	}
	a, err := l.call(ctx, r)
	if err == nil {
		c.confirm(l, a)
	}
	return a, err
}

// present waits for a connection.
func (c *control) present(ctx context.Context) (*link, error) {
	for {
		c.mu.Lock()
		l, changed := c.link, c.changed
		c.mu.Unlock()
		if l != nil && !l.ended() {
			return l, nil
		}
		select {
		case <-changed:
		case <-c.stopped:
			return nil, errEnded
		case <-ctx.Done():
			return nil, c.explain(ctx.Err())
		}
	}
}

// explain adds to err why there is no connection, where that is known.
func (c *control) explain(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		return err
	}
	return fmt.Errorf("connect to %s: %w (%w)", c.socket, err, c.failure)
}

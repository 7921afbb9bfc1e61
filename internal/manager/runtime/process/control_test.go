package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds the waits of these tests.
const patience = 30 * time.Second

// listener is a socket of this process; each connection to it is given out.
func listener(t *testing.T) (socket string, accepted <-chan net.Conn) {
	t.Helper()
	dir, err := os.MkdirTemp("", "orbit") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn)
	var accepting sync.WaitGroup
	done := make(chan struct{})
	accepting.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			select {
			case conns <- conn:
			case <-done:
				_ = conn.Close()
				return
			}
		}
	})
	t.Cleanup(func() {
		close(done)
		_ = l.Close()
		accepting.Wait()
		_ = os.RemoveAll(dir)
	})
	return socket, conns
}

// ours is a control of this very process.
func ours(t *testing.T, socket string) *control {
	t.Helper()
	c := connect(socket, os.Getpid(), uint32(os.Geteuid()))
	t.Cleanup(c.drop)
	return c
}

// readRequests reads n requests of the op, leaving out the status requests that a control makes by itself.
func readRequests(t *testing.T, conn net.Conn, op string, n int) []request {
	t.Helper()
	var got []request
	lines := bufio.NewScanner(conn)
	for len(got) < n && lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Op == op {
			got = append(got, r)
		}
	}
	if len(got) < n {
		t.Fatalf("the connection ended after %d of %d requests", len(got), n)
	}
	return got
}

func TestAnswersMayComeInAnyOrder(t *testing.T) {
	t.Parallel()
	socket, accepted := listener(t)
	c := ours(t, socket)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var calling sync.WaitGroup
	for i := range 4 {
		grace := int64(i + 1) // the answer is the grace as a port, so that it can be told whose it is
		calling.Go(func() {
			if a, err := c.call(ctx, request{Op: "stop", GraceMS: grace}); err != nil || int64(a.Port) != grace {
				t.Errorf("the answer to %d is %+v, %v", grace, a, err)
			}
		})
	}
	conn := <-accepted
	requests := readRequests(t, conn, "stop", 4)
	for i := len(requests) - 1; i >= 0; i-- {
		_, _ = fmt.Fprintf(conn, `{"id":%d,"ok":true,"port":%d}`+"\n", requests[i].ID, requests[i].GraceMS)
	}
	calling.Wait()
}

func TestOnlyTheExpectedProcessIsSpokenTo(t *testing.T) {
	t.Parallel()
	pid, uid := os.Getpid(), uint32(os.Geteuid())
	for name, c := range map[string]struct {
		pid int
		uid uint32
	}{"another process": {pid + 1, uid}, "another user": {pid, uid + 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket, accepted := listener(t)
			ctl := connect(socket, c.pid, c.uid)
			t.Cleanup(ctl.drop)
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error, 1)
			go func() {
				_, err := ctl.call(ctx, request{Op: "start", Config: json.RawMessage(`{"password":"secret"}`)})
				failed <- err
			}()
			conn := <-accepted
			if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
				t.Errorf("the impostor was told %q", line)
			}
			<-accepted // dialled again, and so the first failure is known
			cancel()
			if err := <-failed; err == nil || !strings.Contains(err.Error(), "in place of process") {
				t.Errorf("call = %v; want who listens", err)
			}
		})
	}
}

func TestARequestThatMayNotBeRepeatedIsLostWithItsConnection(t *testing.T) {
	t.Parallel()
	socket, accepted := listener(t)
	c := ours(t, socket)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := c.callOnce(ctx, request{Op: "start"})
		failed <- err
	}()
	conn := <-accepted
	readRequests(t, conn, "start", 1)
	_ = conn.Close()
	if err := <-failed; !errors.Is(err, errLost) {
		t.Errorf("callOnce = %v, want errLost", err)
	}
}

func TestThePortIsConfirmedAnewOnEveryConnection(t *testing.T) {
	t.Parallel()
	socket, accepted := listener(t)
	c := ours(t, socket)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	called := make(chan error, 1)
	go func() {
		_, err := c.callOnce(ctx, request{Op: "start"})
		called <- err
	}()
	conn := <-accepted
	r := readRequests(t, conn, "start", 1)[0]
	_, _ = fmt.Fprintf(conn, `{"id":%d,"ok":true,"port":1234}`+"\n", r.ID)
	if err := <-called; err != nil || c.confirmed() != 1234 {
		t.Fatalf("callOnce = %v, the port is %d", err, c.confirmed())
	}
	_ = conn.Close()
	conn = <-accepted // and so the first connection is over
	if port := c.confirmed(); port != 0 {
		t.Errorf("the port is %d on a connection that has confirmed none", port)
	}
	_ = conn.Close()
}

func TestAHostThatWritesNonsenseIsCutOff(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"no JSON":         "hello\n",
		"an endless line": strings.Repeat("x", maxAnswer+1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket, accepted := listener(t)
			ours(t, socket)
			conn := <-accepted
			_, _ = conn.Write([]byte(line))
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			if _, err := bufio.NewReader(conn).ReadString(0); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the connection goes on: %v", err)
			}
		})
	}
}

func TestAWriteThatBlocksEndsWithItsContext(t *testing.T) {
	t.Parallel()
	socket, accepted := listener(t)
	c := ours(t, socket)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	document, err := json.Marshal(strings.Repeat("x", 16<<20)) // more than a socket holds
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := c.callOnce(ctx, request{Op: "config", Config: document})
		failed <- err
	}()
	conn := <-accepted
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("callOnce = %v, want the context's error", err)
	}
}

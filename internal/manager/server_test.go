package manager

import (
	"bufio"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener of connections inside this process.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func TestAServerThatEndsAnswersWhoeverItTookAConnectionFrom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		comes time.Duration // after the end has begun
		want  bool
	}{
		{"a request that comes in time", newcomerPatience - time.Millisecond, true},
		{"one that comes late", newcomerPatience + time.Millisecond, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
				s := newServer(&http.Server{Handler: answering(http.StatusTeapot)})
				go func() { _ = s.Serve(listener) }()
				client, far := net.Pipe()
				listener.conns <- far
				synctest.Wait()
				_ = listener.Close()
				ended := make(chan error, 1)
				go func() { ended <- s.end(t.Context()) }()
				time.Sleep(c.comes)
				go func() { _, _ = client.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) }()
				answer, err := http.ReadResponse(bufio.NewReader(client), nil)
				if got := err == nil && answer.StatusCode == http.StatusTeapot; got != c.want {
					t.Errorf("answered: %v, want %v (error %v)", got, c.want, err)
				}
				_ = client.Close()
				if err := <-ended; err != nil {
					t.Errorf("the end fails: %v", err)
				}
			})
		})
	}
}

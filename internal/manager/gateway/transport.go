package gateway

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	dialTimeout = 3 * time.Second
	keepAlive   = 30 * time.Second
	// idleTimeout is shorter than the 5 s after which Node closes a kept connection, so that a request does not meet a
	// connection that is just being closed.
	idleTimeout = 4 * time.Second
	// idleConnections is how many connections to a target are kept. More may be open.
	idleConnections = 512
	// continueTimeout is how long a body waits for the target's 100 Continue.
	continueTimeout = time.Second
)

// newTransport returns the connections to one target. There is no limit to their number, since a websocket keeps its
// own, and none to the time an answer takes, since only the client knows how long it wants to wait.
func newTransport(dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, &dialError{err}
			}
			return conn, nil
		},
		DisableCompression:    true, // what the client and the target agree on passes as it is
		MaxIdleConnsPerHost:   idleConnections,
		IdleConnTimeout:       idleTimeout,
		ExpectContinueTimeout: continueTimeout,
	}
}

// dialError is a connection that could not be made: the target has seen nothing of the request.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

const bufferSize = 32 << 10

// bufferPool keeps the buffers through which answers are copied. It holds arrays, so that putting one back allocates
// nothing.
type bufferPool struct{ pool sync.Pool }

// Get returns a buffer of bufferSize bytes.
func (b *bufferPool) Get() []byte {
	if buffer, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return buffer[:]
	}
	return new([bufferSize]byte)[:]
}

// Put takes a buffer of Get's back.
func (b *bufferPool) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }

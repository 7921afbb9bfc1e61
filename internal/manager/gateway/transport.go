package gateway

import (
	"context"
	"net"
	"net/http"
	"strings"
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

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// transport carries requests to one target. Those that only ask, nearly all, it writes and reads on the goroutine that
// serves them: http.Transport hands each over to two other goroutines and back, and waking those costs more than all
// else that the gateway does. What sends a body or may be upgraded needs to write and read at the same time, which
// http.Transport does well.
type transport struct {
	dial    func(ctx context.Context) (net.Conn, error)
	kept    pool // for requests that only ask
	general *http.Transport
}

// newTransport returns the connections to one target. There is no limit to their number, since a websocket keeps its
// own, and none to the time an answer takes, since only the client knows how long it wants to wait.
func newTransport(address string, dial dialFunc) *transport {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	marked := func(ctx context.Context) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, &dialError{err}
		}
		return conn, nil
	}
	return &transport{
		dial: marked,
		general: &http.Transport{
			DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return marked(ctx) },
			DisableCompression:    true, // what the client and the target agree on passes as it is
			MaxIdleConnsPerHost:   idleConnections,
			IdleConnTimeout:       idleTimeout,
			ExpectContinueTimeout: continueTimeout,
		},
	}
}

// RoundTrip sends the request and returns the target's answer.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if onlyAsks(r) {
		return t.ask(r)
	}
	return t.general.RoundTrip(r)
}

// onlyAsks says whether the request has nothing but a header and may be sent again when a kept connection turns out to
// be closed.
func onlyAsks(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return (r.Body == nil || r.Body == http.NoBody) && r.Header["Upgrade"] == nil
	default:
		return false
	}
}

// close closes the connections that carry no request.
func (t *transport) close() {
	t.kept.close()
	t.general.CloseIdleConnections()
}

// dialError is a connection that could not be made: the target has seen nothing of the request.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

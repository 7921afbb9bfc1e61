package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// cutGrace is how long a request that was cut has to end by itself, to tell its client for example, before its
// connection to the client is broken.
const cutGrace = time.Second

// errDrained is the cause of a request's end when its target was drained.
var errDrained = errors.New("the instance's process is being replaced")

// Target is one process that serves, or served, a workspace. Once another took its place it takes no new requests.
type Target struct {
	workspace string
	address   string
	logger    *slog.Logger
	transport *transport
	proxy     httputil.ReverseProxy

	mu       sync.Mutex
	retired  bool // no new requests
	draining bool // what lasts is cut
	flights  map[*flight]struct{}
	empty    chan struct{} // closed when the target is retired and its last request has ended
}

func newTarget(g *Gateway, workspace, address string) *Target {
	t := &Target{
		workspace: workspace,
		address:   address,
		logger:    g.logger,
		transport: newTransport(address, g.options.Dial),
		flights:   map[*flight]struct{}{},
		empty:     make(chan struct{}),
	}
	t.proxy = httputil.ReverseProxy{
		Rewrite:      t.rewrite,
		Transport:    t.transport,
		BufferPool:   &g.buffers,
		ErrorHandler: t.fail,
		ErrorLog:     slog.NewLogLogger(g.logger.Handler(), slog.LevelDebug),
	}
	return t
}

// Address is the host:port of the process.
func (t *Target) Address() string { return t.address }

// InFlight is the number of requests, streams and upgraded connections that the target has now.
func (t *Target) InFlight() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.flights)
}

// Drain ends the target's work, so that its process can be stopped:
//   - New requests are turned away. When Hold returned the target that is so from now on, else it was already.
//   - Upgraded connections (websockets) and event streams, which have no end of their own, are cut now. Clients of both
//     connect again and reach the new target. A cut stream breaks off: a client must not take it for complete.
//   - Every other request goes on. When ctx is done, what is left is cut; a client that has no answer yet gets a 502.
//
// It returns nil when every request ended by itself, else an error that wraps ctx's; no request is left either way.
// It may be called again.
func (t *Target) Drain(ctx context.Context) error {
	t.retire()
	t.cut(true)
	select {
	case <-t.empty:
		return nil
	case <-ctx.Done():
	}
	n := t.cut(false)
	if n == 0 {
		return nil
	}
	for _, next := range []func(){t.breakOff, func() {}} {
		timer := time.NewTimer(cutGrace)
		select {
		case <-t.empty:
		case <-timer.C:
			next()
		}
		timer.Stop()
	}
	return fmt.Errorf("drain %s of workspace %s: %d requests had to be cut: %w", t.address, t.workspace, n, ctx.Err())
}

// Outcomes of serve.
type outcome int

const (
	served     outcome = iota // the request has its answer
	turnedAway                // the target takes no requests; w and the body are untouched
	refused                   // no connection could be made; w and the body are untouched
)

// serve passes the request to the process.
func (t *Target) serve(w http.ResponseWriter, r *http.Request) outcome {
	ctx, cancel := context.WithCancelCause(r.Context())
	f := &flight{ResponseWriter: w, target: t, cancel: cancel}
	if !t.begin(f) {
		cancel(nil)
		return turnedAway
	}
	defer t.end(f)
	out := r.WithContext(ctx)
	if r.ContentLength != 0 {
		f.body = &requestBody{ReadCloser: r.Body}
		defer f.body.end()
		out.Body = f.body
		// Without this net/http reads what is left of the body before an answer may begin. Not supported: not needed.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	t.proxy.ServeHTTP(f, out)
	if f.refused {
		return refused
	}
	return served
}

// begin counts the flight, unless the target takes no more.
func (t *Target) begin(f *flight) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.retired {
		return false
	}
	t.flights[f] = struct{}{}
	return true
}

func (t *Target) end(f *flight) {
	f.cancel(nil)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flights, f)
	t.settle()
}

// retire turns new requests away.
func (t *Target) retire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.retired {
		t.retired = true
		t.settle()
	}
}

// settle drops what a retired target no longer needs. The caller holds mu.
func (t *Target) settle() {
	if !t.retired || len(t.flights) > 0 {
		return
	}
	close(t.empty) // once: nothing begins after retired
	t.transport.close()
}

// lasts marks the flight as one without an end of its own and cuts it when the target drains already.
func (t *Target) lasts(f *flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.lasting = true
	if t.draining {
		f.cut()
	}
}

// cut ends the flights, or only those that last, and returns how many.
func (t *Target) cut(onlyLasting bool) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draining = true
	n := 0
	for f := range t.flights {
		if f.lasting || !onlyLasting {
			f.cut()
			n++
		}
	}
	return n
}

// breakOff breaks the connections to clients that do not take their answer.
func (t *Target) breakOff() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for f := range t.flights {
		f.breakOff()
	}
}

package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// cutGrace is how long a request that was cut has to end by itself, to tell its client for example, before its
// connection to the client is broken.
const cutGrace = time.Second

// farewellTime is how long an event stream or a WebSocket that was told to go may take, before it is cut.
const farewellTime = 2 * time.Second

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
	draining bool // what lasts is told to go
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

// Dismiss begins to end the target's work:
//   - New requests are turned away. When Hold returned the target that is so from now on, else it was already.
//   - Event streams and WebSockets, which have no end of their own, are told to go: a stream ends as a whole answer at
//     the end of an event, a WebSocket with a Close frame at the end of a frame. Clients of both connect again and reach
//     the new target. What has not gone 2 s later is cut, as is a request for a WebSocket that has no answer then.
//   - Every other request goes on, and so does what was upgraded to another protocol.
//
// It may be called again.
func (t *Target) Dismiss() {
	t.retire()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draining = true
	for f := range t.flights {
		l := f.lasting
		if l == nil || l.conn != nil && l.outlet == nil || l.expelAt != nil || l.ended {
			continue
		}
		t.expelLater(f)
		if l.outlet != nil {
			l.outlet.warn()
			l.telling.Go(l.outlet.tell) // a client that does not read holds it up
		}
	}
}

// Empty is closed when a target that takes no new requests has no request any more.
func (t *Target) Empty() <-chan struct{} { return t.empty }

func (t *Target) isEmpty() bool {
	select {
	case <-t.empty:
		return true
	default:
		return false
	}
}

// Drain ends the target's work, so that its process can be stopped: it dismisses what lasts and waits for the rest. When
// ctx is done, what is left is cut; a client that has no answer yet gets a 502.
//
// It returns nil when every request ended by itself, else an error that wraps ctx's; no request is left either way.
// It may be called again.
func (t *Target) Drain(ctx context.Context) error {
	t.Dismiss()
	select {
	case <-t.empty:
		return nil
	case <-ctx.Done():
	}
	n := t.cut()
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

// serve passes the request to the process. An answer that the proxy broke off is served, where it may be: see complete.
func (t *Target) serve(w http.ResponseWriter, r *http.Request) outcome {
	ctx, cancel := context.WithCancelCause(r.Context())
	f := &flight{ResponseWriter: w, target: t, request: r, cancel: cancel}
	if asksForWebSocket(r) {
		f.lasting = &stay{}
	}
	if !t.begin(f) {
		cancel(nil)
		return turnedAway
	}
	defer t.end(f)
	defer f.complete()
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
	if f.lasting != nil { // set by this goroutine
		t.untell(f)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flights, f)
	t.settle()
}

// untell keeps the flight, which is at its end, from being told to go, and waits where it is just being told.
func (t *Target) untell(f *flight) {
	t.mu.Lock()
	f.lasting.ended = true
	if f.lasting.expelAt != nil {
		f.lasting.expelAt.Stop()
	}
	t.mu.Unlock()
	f.lasting.telling.Wait()
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

// lasts marks the flight as one that may stay for long, upgraded to the connection if there is one. With an outlet it is
// told to go when the target drains already.
func (t *Target) lasts(f *flight, conn net.Conn, o *outlet) {
	t.mu.Lock()
	if f.lasting == nil {
		f.lasting = &stay{}
	}
	f.lasting.conn, f.lasting.outlet = conn, o
	tell := t.draining && o != nil
	if tell && f.lasting.expelAt == nil {
		t.expelLater(f)
	}
	t.mu.Unlock()
	if tell {
		o.tell()
	}
}

// expelLater cuts the flight when it has not ended after farewellTime. The caller holds mu.
func (t *Target) expelLater(f *flight) {
	f.lasting.expelAt = time.AfterFunc(farewellTime, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if _, under := t.flights[f]; !under {
			return
		}
		f.cut()
		if f.lasting.outlet != nil { // else its client is told
			f.breakOff()
		}
	})
}

// cut ends the flights and returns how many.
func (t *Target) cut() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	for f := range t.flights {
		f.cut()
	}
	return len(t.flights)
}

// breakOff breaks the connections to clients that do not take their answer.
func (t *Target) breakOff() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for f := range t.flights {
		f.breakOff()
	}
}

package gateway

import (
	"bufio"
	"context"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// flight is one request on its way through a target. It stands in for the request's ResponseWriter, and so sees what
// kind of answer the request gets.
type flight struct {
	http.ResponseWriter
	target  *Target
	request *http.Request
	cancel  context.CancelCauseFunc
	body    *requestBody // nil when the request has none

	refused bool  // no connection could be made, and nothing was answered; of the serving goroutine alone
	lasting *stay // nil while it may end by itself; set by the serving goroutine, under target.mu
}

// stay is what there is to a flight that may have no end of its own: an event stream, a WebSocket or the request for
// one, which Backstage may leave without an answer, and what was upgraded to another protocol, which is left alone. It
// is guarded by target.mu; the serving goroutine, which sets conn and outlet, reads these without.
type stay struct {
	conn    net.Conn       // the client's, once upgraded
	outlet  *outlet        // of an event stream or a WebSocket
	expelAt *time.Timer    // nil until it is told to go
	ended   bool           // it is not told any more
	telling sync.WaitGroup // waited for once it is ended
}

// WriteHeader passes the status on and looks whether an event stream begins.
func (f *flight) WriteHeader(status int) {
	if status >= http.StatusOK && isEventStream(f.Header().Get("Content-Type")) {
		stream := &outlet{units: newEvents(), last: func() { f.cancel(errDrained) }}
		if f.Header().Get("Content-Encoding") != "" {
			stream.units = pieces{}
		}
		f.target.lasts(f, nil, stream)
	}
	f.ResponseWriter.WriteHeader(status)
}

// Write passes a part of the answer's body on.
func (f *flight) Write(p []byte) (int, error) {
	if f.lasting == nil || f.lasting.outlet == nil {
		return f.ResponseWriter.Write(p)
	}
	n, over, err := f.lasting.outlet.write(p, f.ResponseWriter.Write)
	if over && err == nil && n < len(p) {
		err = errDrained
	}
	return n, err
}

// complete is to be deferred around the proxy. It makes an event stream that was told to go, and did so at the end of
// an event, a whole answer: the proxy breaks it off.
func (f *flight) complete() {
	if l := f.lasting; l == nil || l.conn != nil || l.outlet == nil || !l.outlet.ended() {
		return
	}
	if fault := recover(); fault != nil && fault != http.ErrAbortHandler { //nolint:errorlint // a panic's value
		panic(fault)
	}
}

// Hijack takes the client's connection over, for an upgrade.
func (f *flight) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(f.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if !asksForWebSocket(f.request) { // the proxy has compared the answer's protocol with it
		f.target.lasts(f, conn, nil)
		return conn, rw, nil
	}
	socket := newWebSocket(conn)
	f.target.lasts(f, conn, socket.outlet)
	return socket, rw, nil
}

// Unwrap lets http.ResponseController reach what the flight does not offer itself, flushing above all.
func (f *flight) Unwrap() http.ResponseWriter { return f.ResponseWriter }

// cut ends the request on the target's side and, once upgraded, on the client's. The caller holds target.mu.
func (f *flight) cut() {
	f.cancel(errDrained)
	if f.lasting != nil && f.lasting.conn != nil {
		_ = f.lasting.conn.Close() // closed or not, nobody reads it any more
	}
}

// breakOff makes writing to the client fail. The caller holds target.mu, so the flight has not ended and the connection
// has no other request.
func (f *flight) breakOff() {
	if f.lasting == nil || f.lasting.conn == nil {
		_ = http.NewResponseController(f.ResponseWriter).SetWriteDeadline(time.Unix(1, 0)) // unsupported: nothing to break
	}
}

func asksForWebSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

func isEventStream(contentType string) bool {
	const eventStream = "text/event-stream"
	if len(contentType) < len(eventStream) {
		return false
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == eventStream
}

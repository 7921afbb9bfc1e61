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
	lasting *stay // nil while it may end by itself soon; set by the serving goroutine, under target.mu
}

// stay is what there is to a flight that may stay for long. All is guarded by target.mu, except where it says else.
type stay struct {
	conn    net.Conn       // the client's, once upgraded; else nil
	outlet  *outlet        // of an event stream or a WebSocket, which have no end of their own; else nil; never changed
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
		f.target.lasts(f, &stay{outlet: stream})
	}
	f.ResponseWriter.WriteHeader(status)
}

// Write passes a part of the answer's body on.
func (f *flight) Write(p []byte) (int, error) {
	if f.lasting == nil {
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
	if f.lasting == nil || f.lasting.conn != nil || !f.lasting.outlet.ended() {
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
	upgraded := &stay{conn: conn}
	if strings.EqualFold(f.request.Header.Get("Upgrade"), "websocket") { // the proxy has compared it with the answer's
		socket := newWebSocket(conn)
		upgraded.outlet, conn = socket.outlet, socket
	}
	f.target.lasts(f, upgraded)
	return conn, rw, nil
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

func isEventStream(contentType string) bool {
	const eventStream = "text/event-stream"
	if len(contentType) < len(eventStream) {
		return false
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == eventStream
}

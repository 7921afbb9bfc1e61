package gateway

import (
	"bufio"
	"context"
	"mime"
	"net"
	"net/http"
	"time"
)

// flight is one request on its way through a target. It stands in for the request's ResponseWriter, and so sees what
// kind of answer the request gets.
type flight struct {
	http.ResponseWriter
	target *Target
	cancel context.CancelCauseFunc
	body   *requestBody // nil when the request has none

	refused bool // no connection could be made, and nothing was answered; of the serving goroutine alone

	// Guarded by target.mu.
	lasting bool     // an event stream or an upgraded connection
	conn    net.Conn // the client's, once upgraded
}

// WriteHeader passes the status on and looks whether an event stream begins.
func (f *flight) WriteHeader(status int) {
	if status >= http.StatusOK && isEventStream(f.Header().Get("Content-Type")) {
		f.target.lasts(f)
	}
	f.ResponseWriter.WriteHeader(status)
}

// Hijack takes the client's connection over, for an upgrade.
func (f *flight) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(f.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	f.target.mu.Lock()
	f.conn = conn
	f.target.mu.Unlock()
	f.target.lasts(f)
	return conn, rw, nil
}

// Unwrap lets http.ResponseController reach what the flight does not offer itself, flushing above all.
func (f *flight) Unwrap() http.ResponseWriter { return f.ResponseWriter }

// cut ends the request on the target's side and, once upgraded, on the client's. The caller holds target.mu.
func (f *flight) cut() {
	f.cancel(errDrained)
	if f.conn != nil {
		_ = f.conn.Close() // closed or not, nobody reads it any more
	}
}

// breakOff makes writing to the client fail. The caller holds target.mu, so the flight has not ended and the connection
// has no other request.
func (f *flight) breakOff() {
	if f.conn == nil {
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

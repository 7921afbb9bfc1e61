package gateway

import (
	"net"
	"net/http"
	"sync"
)

// webSocket is a client's connection after the upgrade to a WebSocket. What is written to it comes from the target.
//
// Told to go, it sends a Close frame in the target's place, at the end of a frame. The client's own Close frame then
// passes to the target as all it sends does, so that both sides know, and the target closes the connection.
type webSocket struct {
	net.Conn
	outlet *outlet
	open   func() bool
}

func newWebSocket(conn net.Conn) *webSocket {
	passed := &frames{}
	o := &outlet{units: passed, busy: true} // with the answer's header, which goes another way
	o.last = func() {
		if !passed.closing { // the last frame, and nothing is written any more
			_, _ = conn.Write(closeFrame(closeServiceRestart, errDrained.Error())) // a client that is gone has gone
		}
	}
	return &webSocket{Conn: conn, outlet: o, open: sync.OnceValue(o.rest)}
}

// Read reads from the client. The first call comes when the answer's header has been written.
func (s *webSocket) Read(p []byte) (int, error) {
	s.open()
	return s.Conn.Read(p)
}

// Write writes to the client. After the Close frame what comes from the target is for nobody.
func (s *webSocket) Write(p []byte) (int, error) {
	n, over, err := s.outlet.write(p, s.Conn.Write)
	if over && err == nil {
		n = len(p)
	}
	return n, err
}

// CloseWrite closes the direction to the client.
func (s *webSocket) CloseWrite() error {
	if half, able := s.Conn.(interface{ CloseWrite() error }); able {
		return half.CloseWrite()
	}
	return http.ErrNotSupported
}

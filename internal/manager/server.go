package manager

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// newcomerPatience is how long a connection that was just taken may be without a request when its server ends. Browsers
// open some that they may never use.
const newcomerPatience = time.Second

// server is an http.Server that answers whoever it took a connection from. One of net/http that is being shut down
// drops a request whose headers it reads only then, without an answer.
type server struct {
	*http.Server

	mu        sync.Mutex
	newcomers map[net.Conn]struct{} // connections whose first request has not come yet
	none      chan struct{}         // closed when there are none any more; nil unless somebody waits for that
}

// apiServer returns an http.Server for the API. What net/http itself has to say, of TLS for example, is logged at debug level.
func apiServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

func newServer(s *http.Server) *server {
	served := &server{Server: s, newcomers: map[net.Conn]struct{}{}}
	s.ConnState = served.track
	return served
}

func (s *server) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.newcomers[conn] = struct{}{}
		return
	}
	delete(s.newcomers, conn)
	if len(s.newcomers) == 0 && s.none != nil {
		close(s.none)
		s.none = nil
	}
}

// end shuts the server down once its listener is closed and Serve has returned. Requests that are not answered when ctx
// is done are cut.
func (s *server) end(ctx context.Context) error {
	s.greet(ctx)
	if s.Shutdown(ctx) != nil {
		return s.Close()
	}
	return nil
}

// greet waits for the first requests of connections that were just taken.
func (s *server) greet(ctx context.Context) {
	s.mu.Lock()
	if len(s.newcomers) == 0 {
		s.mu.Unlock()
		return
	}
	if s.none == nil {
		s.none = make(chan struct{})
	}
	none := s.none
	s.mu.Unlock()
	patience := time.NewTimer(newcomerPatience)
	defer patience.Stop()
	select {
	case <-none:
	case <-patience.C:
	case <-ctx.Done():
	}
}

package gateway

import (
	"log/slog"
	"net/http"
	"time"
)

const (
	readHeaderTimeout = 10 * time.Second
	// clientIdleTimeout is longer than the 60 s that load balancers commonly keep an idle connection, so that they are
	// the ones to close it.
	clientIdleTimeout = 75 * time.Second
	maxHeaderBytes    = 64 << 10
)

// Server returns an http.Server for the handler, with the timeouts a gateway needs: a client must send its headers in
// time and may not idle for ever, but a body, an answer or a stream takes as long as it takes. What net/http itself has
// to say is logged at debug level.
func Server(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       clientIdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

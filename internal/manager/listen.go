package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// listen binds an address of the loopback interface. What it is for and the flag that changes it are for the error.
func listen(ctx context.Context, what, flag, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%s %q is no host:port: %w", flag, address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s %s is not a loopback address: orbitd has no TLS yet and would send tokens in the clear; "+
			"use 127.0.0.1 and put a proxy with TLS in front", flag, address)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen for %s on %s: the port is taken; stop what uses it (ss -ltnp shows it) or choose another with %s",
			what, address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for %s on %s: %w", what, address, err)
	}
	return listener, nil
}

// starting answers while orbitd installs and starts what it needs, and passes requests on after that.
type starting struct {
	next atomic.Pointer[http.Handler]
	what atomic.Pointer[string]
}

func (s *starting) doing(what string)    { s.what.Store(&what) }
func (s *starting) ready(h http.Handler) { s.next.Store(&h) }

// ServeHTTP answers 503 until orbitd is ready.
func (s *starting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if next := s.next.Load(); next != nil {
		(*next).ServeHTTP(w, r)
		return
	}
	detail := "orbitd is starting"
	if what := s.what.Load(); what != nil {
		detail += ": " + *what
	}
	w.Header().Set("Retry-After", "1")
	orbit.WriteProblem(w, &orbit.Problem{
		Status: http.StatusServiceUnavailable, Code: orbit.CodeStarting, Title: "Not ready yet", Detail: detail,
	})
}

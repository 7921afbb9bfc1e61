package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listen returns the listener of an address of the loopback interface: the inherited one, or a new one. What it is for
// and the flag that changes it are for the error.
func listen(ctx context.Context, inherited net.Listener, what, flag, address string) (net.Listener, error) {
	if inherited != nil {
		address = inherited.Addr().String()
		flag = "the inherited socket"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%s %q is no host:port: %w", flag, address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s %s is not a loopback address: orbitd has no TLS yet and would send tokens in the clear; "+
			"use 127.0.0.1 and put a proxy with TLS in front", flag, address)
	}
	if inherited != nil {
		return inherited, nil
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

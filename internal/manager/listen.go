package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
)

// listening is what one of orbitd's servers listens on. The flag that changes it, and the way out where it would be open
// to others without being allowed to, are for errors.
type listening struct {
	what, flag, address string
	inherited           net.Listener // nil: a new one is made
	public              bool         // whether it may be reached from other machines
	wayOut              string
}

// listen returns the inherited listener, or a new one.
func (l listening) listen(ctx context.Context) (net.Listener, error) {
	if l.inherited != nil {
		l.address, l.flag = l.inherited.Addr().String(), "the inherited socket"
	}
	host, _, err := net.SplitHostPort(l.address)
	if err != nil {
		return nil, fmt.Errorf("%s %q is no host:port: %w", l.flag, l.address, err)
	}
	if !l.public && !loopback(host) {
		return nil, fmt.Errorf("%s %s is not a loopback address: %s", l.flag, l.address, l.wayOut)
	}
	if l.inherited != nil {
		return l.inherited, nil
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", l.address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen for %s on %s: the port is taken; stop what uses it (ss -ltnp shows it) or choose another with %s",
			l.what, l.address, l.flag)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for %s on %s: %w", l.what, l.address, err)
	}
	return listener, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// baseURL is where clients reach what listens on the address. One that stands for all of the machine's is replaced by a
// name that the certificate is for, or else by the machine's own.
func baseURL(address net.Addr, cert *certificate.Source) string {
	scheme := "http://"
	host, port, _ := net.SplitHostPort(address.String())
	if cert != nil {
		scheme = "https://"
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			host = publicHost(cert)
		}
	}
	return scheme + net.JoinHostPort(host, port)
}

func publicHost(cert *certificate.Source) string {
	if host := cert.Host(); host != "" {
		return host
	}
	if host, err := os.Hostname(); err == nil {
		return host
	}
	return "localhost"
}

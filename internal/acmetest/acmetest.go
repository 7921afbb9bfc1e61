// Package acmetest is a CA for tests that gives certificates by ACME: Pebble, in the test's own process. It finds every
// host name at 127.0.0.1.
package acmetest

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// CA is one that runs until the end of the test.
type CA struct {
	// Directory is the URL of its directory, and File a PEM file with the root of that one's certificate.
	Directory, File string
	// Roots are what the certificates come from that it gives.
	Roots *x509.CertPool
}

// New starts a CA that asks hosts at the two ports whether they are who they say, by TLS-ALPN-01 and by HTTP-01.
func New(t testing.TB, tlsPort, httpPort int) *CA {
	t.Helper()
	// Otherwise Pebble waits some seconds, to be like a real one. Tests that run in parallel cannot use t.Setenv.
	if err := os.Setenv("PEBBLE_VA_NOSLEEP", "1"); err != nil { //nolint:usetesting // see above
		t.Fatal(err)
	}
	logger := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	authority := ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "The default profile"}})
	validation := va.New(logger, httpPort, tlsPort, false, resolver(t), store)
	front := wfe.New(logger, store, validation, authority, []string{"pebble.example"}, false, false, 0, 0)
	server := httptest.NewTLSServer(front.Handler())
	t.Cleanup(server.Close)
	c := &CA{
		Directory: server.URL + wfe.DirectoryPath, File: filepath.Join(t.TempDir(), "acme.pem"), Roots: x509.NewCertPool(),
	}
	c.Roots.AppendCertsFromPEM(authority.GetRootCert(0).PEM())
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(c.File, own, 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// resolver is a DNS server that finds every name at 127.0.0.1.
func resolver(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: listener, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		if asked := question.Question[0]; asked.Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{
				Hdr: dns.RR_Header{Name: asked.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1),
			}}
		}
		_ = w.WriteMsg(answer) // whoever asked has gone
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return listener.Addr().String()
}

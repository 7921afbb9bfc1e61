package manager_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
)

// newTLSProgram makes an orbitd whose API listens on all of the machine's addresses and asks clients for certificates.
func newTLSProgram(t *testing.T) (*program, *certtest.CA) {
	t.Helper()
	p := newProgram(t)
	servers, clients := certtest.NewCA(t, "servers"), certtest.NewCA(t, "clients")
	cert, key := servers.Issue(t, "first.example").Write(t, p.dir)
	ca := filepath.Join(p.dir, "clients.pem")
	if err := os.WriteFile(ca, clients.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	shown := clients.Issue(t, "client.example")
	pair, err := tls.X509KeyPair(shown.Cert, shown.Key)
	if err != nil {
		t.Fatal(err)
	}
	p.tls = &tls.Config{RootCAs: servers.Pool(), Certificates: []tls.Certificate{pair}}
	_, port, err := net.SplitHostPort(p.api)
	if err != nil {
		t.Fatal(err)
	}
	p.environment = append(p.environment, "ORBIT_LISTEN=0.0.0.0:"+port,
		"ORBIT_TLS_CERT_FILE="+cert, "ORBIT_TLS_KEY_FILE="+key, "ORBIT_TLS_CLIENT_CA_FILE="+ca)
	return p, servers
}

func TestRestartsAndRenewalsWithTLSFailNoRequest(t *testing.T) {
	t.Parallel()
	p, servers := newTLSProgram(t)
	p.start(t, nil)
	if !strings.Contains(p.log(), "api=https://first.example:") {
		t.Error("the log does not say where the API is, by the certificate's name")
	}
	if _, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.tls.RootCAs}}}).Get(p.url("/healthz")); err == nil {
		t.Error("a client without a certificate is let in")
	}
	loads := map[string]*load{}
	for what, transport := range map[string]*http.Transport{
		"new connections":     {DisableKeepAlives: true},
		"kept connections":    {},
		"kept HTTP/2 streams": {ForceAttemptHTTP2: true},
	} {
		transport.TLSClientConfig = p.tls.Clone() // a transport writes into its own
		loads[what] = startLoadOver(t, transport, 2, p.url("/healthz"), http.StatusOK)
	}
	for range 2 {
		if _, err := p.run("restart"); err != nil {
			t.Fatal(err)
		}
	}
	servers.Issue(t, "second.example").Write(t, p.dir)
	await(t, "new connections to get the new certificate", func() bool { return p.served(t) == "second.example" })
	if _, err := p.run("restart"); err != nil {
		t.Fatal(err)
	}
	for what, l := range loads {
		l.end(t, "API with TLS, "+what+", 3 restarts and a renewal")
	}
}

// served is the name in the certificate that a new connection gets.
func (p *program) served(t *testing.T) string {
	t.Helper()
	conn, err := (&tls.Dialer{NetDialer: &net.Dialer{Timeout: 15 * time.Second}, Config: p.tls}).DialContext(t.Context(), "tcp", p.api)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].DNSNames[0]
}

package certificate_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/acmetest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
)

// issued is a server with certificates of a CA, for acme.example and files' names.
type issued struct {
	ca        *acmetest.CA
	automatic *certificate.Automatic
	dir       string
	address   string
	log       syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

func bind(t *testing.T) (net.Listener, int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener, listener.Addr().(*net.TCPAddr).Port
}

// newIssued serves with TLS. Over plain HTTP it answers the CA if plain says so; else nothing can be had by HTTP-01.
func newIssued(t *testing.T, files *certificate.Source, plain bool) *issued {
	t.Helper()
	secure, tlsPort := bind(t)
	open, httpPort := bind(t)
	if plain {
		tlsPort = 1 // nobody answers there
	}
	i := &issued{ca: acmetest.New(t, tlsPort, httpPort), dir: filepath.Join(t.TempDir(), "acme"), address: secure.Addr().String()}
	known := func(_ context.Context, host string) bool {
		return strings.EqualFold(host, "acme.example") || host == "other.example"
	}
	var err error
	i.automatic, err = certificate.ACME{Directory: i.ca.Directory, Email: "ops@example.com", CAFile: i.ca.File, AgreeTerms: true}.
		Automatic(i.dir, known, slog.New(slog.NewTextHandler(&i.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) })
	handler := hello
	if plain {
		handler = i.automatic.Answer(hello).ServeHTTP
	}
	for listener, handler := range map[net.Listener]http.Handler{tls.NewListener(secure, i.automatic.Config(files)): hello, open: handler} {
		server := &http.Server{Handler: handler, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	return i
}

// shown is the certificate that a client gets which trusts the CA.
func (i *issued) shown(t *testing.T, name string) (*tls.ConnectionState, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn, err := (&tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: i.ca.Roots}}).DialContext(ctx, "tcp", i.address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	state := conn.(*tls.Conn).ConnectionState()
	return &state, nil
}

func TestAHostOfAnInstanceGetsACertificateOfTheCA(t *testing.T) {
	t.Parallel()
	for name, plain := range map[string]bool{"asked over TLS": false, "asked over plain HTTP": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssued(t, nil, plain)
			first, err := i.shown(t, "acme.example")
			if err != nil {
				t.Fatalf("%v\n%s", err, i.log.text())
			}
			again, err := i.shown(t, "ACME.example")
			if err != nil || !again.PeerCertificates[0].Equal(first.PeerCertificates[0]) {
				t.Errorf("the next client gets another one: %v", err)
			}
			kept := 0
			err = filepath.WalkDir(i.dir, func(path string, entry fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				info, err := entry.Info()
				if err != nil {
					return err
				}
				if entry.IsDir() {
					if info.Mode().Perm() != 0o700 {
						t.Errorf("%s has mode %o", path, info.Mode().Perm())
					}
					return nil
				}
				kept++
				if info.Mode().Perm() != 0o600 {
					t.Errorf("%s has mode %o", path, info.Mode().Perm())
				}
				return nil
			})
			if err != nil || kept < 2 {
				t.Errorf("%d files are kept (%v), want the account's key and the certificate", kept, err)
			}
		})
	}
}

func TestAnUnknownHostGetsNoCertificateAndTheCAIsNotAsked(t *testing.T) {
	t.Parallel()
	i := newIssued(t, nil, false)
	for _, name := range []string{"evil.example", "x.acme.example", "localhost", ""} {
		conn, err := tls.Dial("tcp", i.address, &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err == nil {
			t.Errorf("a client of %q gets a certificate", name)
			_ = conn.Close()
		}
	}
	if _, err := os.Stat(i.dir); err == nil {
		t.Error("an account was made, or a certificate asked for")
	}
	if i.log.text() != "" {
		t.Errorf("what anybody may ask for fills the log:\n%s", i.log.text())
	}
}

func TestFilesComeBeforeTheCA(t *testing.T) {
	t.Parallel()
	own := certtest.NewCA(t, "root")
	source, err := certificate.Gateway.Load(slog.New(slog.DiscardHandler), several(t, own, "other.example")...)
	if err != nil {
		t.Fatal(err)
	}
	i := newIssued(t, source, false)
	if _, err := i.shown(t, "acme.example"); err != nil {
		t.Errorf("a host without a file gets none of the CA's: %v", err)
	}
	for _, name := range []string{"other.example", "evil.example"} { // an unknown one as well: it gets an answer
		conn, err := tls.Dial("tcp", i.address, &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := conn.ConnectionState().PeerCertificates[0].DNSNames[0]; got != "other.example" {
			t.Errorf("%s gets the certificate of %s", name, got)
		}
		_ = conn.Close()
	}
}

func TestAHostThatTheCADoesNotReachIsToldOfOnce(t *testing.T) {
	t.Parallel()
	i := newIssued(t, nil, true)
	i.automatic, _ = certificate.ACME{Directory: i.ca.Directory, CAFile: i.ca.File, AgreeTerms: true}.Automatic(
		t.TempDir(), func(context.Context, string) bool { return true }, slog.New(slog.NewTextHandler(&i.log, nil)))
	unreached, _ := bind(t) // its port is none that the CA asks
	server := &http.Server{ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = server.Serve(tls.NewListener(unreached, i.automatic.Config(nil))) }()
	t.Cleanup(func() { _ = server.Close() })
	i.address = unreached.Addr().String()
	for range 3 {
		if _, err := i.shown(t, "acme.example"); err == nil {
			t.Error("it has a certificate")
		}
	}
	if got := strings.Count(i.log.text(), "gives no certificate"); got != 1 || !strings.Contains(i.log.text(), "host=acme.example") {
		t.Errorf("it is said %d times:\n%s", got, i.log.text())
	}
}

func TestACAIsAgreedWith(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		acme certificate.ACME
		says string
	}{
		{certificate.ACME{}, ""},
		{certificate.ACME{Directory: "https://ca.example/directory", AgreeTerms: true}, ""},
		{certificate.ACME{Directory: "https://ca.example/directory"}, "--gateway-acme-agree-terms"},
		{certificate.ACME{Directory: "http://ca.example/directory", AgreeTerms: true}, "https URL"},
		{certificate.ACME{Directory: "ca.example", AgreeTerms: true}, "https URL"},
		{certificate.ACME{Email: "ops@example.com"}, "--gateway-acme-directory"},
		{certificate.ACME{AgreeTerms: true}, "--gateway-acme-directory"},
	} {
		err := c.acme.Check()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q in it", c.acme, err, c.says)
		}
	}
	for _, file := range []string{"/nowhere.pem", "acme_test.go"} {
		if _, err := (certificate.ACME{CAFile: file}).Automatic(t.TempDir(), nil, nil); err == nil || !strings.Contains(err.Error(), "--gateway-acme-ca-file") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

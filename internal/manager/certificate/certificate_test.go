package certificate_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
)

// listener is a certificate with its files and what is logged about it.
type listener struct {
	dir    string
	ca     *certtest.CA
	files  certificate.Files
	log    bytes.Buffer
	source *certificate.Source
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{dir: t.TempDir(), ca: certtest.NewCA(t, "root")}
	l.files.Cert, l.files.Key = l.ca.Issue(t, "first.example").Write(t, l.dir)
	return l
}

func (l *listener) load(t *testing.T) {
	t.Helper()
	var err error
	l.source, err = certificate.API.Load(slog.New(slog.NewTextHandler(&l.log, nil)), l.files)
	if err != nil {
		t.Fatal(err)
	}
}

// connect shakes hands, says a word in both directions, and returns the name that the server has.
func (l *listener) connect(client *tls.Config) (string, error) {
	server, err := tls.Listen("tcp", "127.0.0.1:0", l.source.Config())
	if err != nil {
		return "", err
	}
	done := make(chan error, 1)
	go func() {
		conn, err := server.Accept()
		if err == nil {
			_, err = io.CopyN(conn, conn, 1)
			err = errors.Join(err, conn.Close())
		}
		done <- errors.Join(err, server.Close())
	}()
	client = client.Clone()
	client.RootCAs = l.ca.Pool()
	conn, err := tls.Dial("tcp", server.Addr().String(), client)
	if err != nil {
		return "", errors.Join(err, <-done)
	}
	_, err = conn.Write([]byte{'x'})
	if err == nil {
		_, err = io.ReadFull(conn, make([]byte, 1))
	}
	_ = conn.Close()
	if err := errors.Join(err, <-done); err != nil {
		return "", err
	}
	return conn.ConnectionState().PeerCertificates[0].DNSNames[0], nil
}

func (l *listener) expect(t *testing.T, name string) {
	t.Helper()
	time.Sleep(time.Second) // files are looked at once a second
	if got, err := l.connect(&tls.Config{}); err != nil || got != name {
		t.Errorf("clients get the certificate of %q (%v), want %q", got, err, name)
	}
}

func (l *listener) count(words string) int { return strings.Count(l.log.String(), words) }

func TestARenewedCertificateIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t)
		l.load(t)
		l.expect(t, "first.example")
		l.ca.Issue(t, "second.example").Write(t, l.dir)
		l.expect(t, "second.example")
		if l.count("are taken up") != 1 {
			t.Errorf("the log does not say once that the files are taken up:\n%s", l.log.String())
		}
	})
}

func TestAHalfRenewedPairKeepsTheOneBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t)
		l.load(t)
		second := l.ca.Issue(t, "second.example")
		half := second.Cert[:len(second.Cert)/2]
		for _, content := range [][]byte{half, second.Cert} {
			if err := os.WriteFile(l.files.Cert, content, 0o600); err != nil {
				t.Fatal(err)
			}
			before := l.count("not taken up")
			l.expect(t, "first.example")
			l.expect(t, "first.example")
			if got := l.count("not taken up") - before; got != 1 {
				t.Errorf("the log says %d times that the files are not taken up, want once:\n%s", got, l.log.String())
			}
		}
		second.Write(t, l.dir)
		l.expect(t, "second.example")
		if strings.Contains(l.log.String(), "PRIVATE KEY") {
			t.Errorf("the log shows a key:\n%s", l.log.String())
		}
	})
}

func TestClientsHaveToShowACertificateOfTheirCA(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t)
		clients, others := certtest.NewCA(t, "clients"), certtest.NewCA(t, "others")
		l.files.ClientCA = filepath.Join(l.dir, "ca.pem")
		write := func(ca *certtest.CA) {
			if err := os.WriteFile(l.files.ClientCA, ca.PEM(), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		write(clients)
		l.load(t)
		show := func(ca *certtest.CA) *tls.Config {
			pair := ca.Issue(t, "client.example")
			cert, err := tls.X509KeyPair(pair.Cert, pair.Key)
			if err != nil {
				t.Fatal(err)
			}
			return &tls.Config{Certificates: []tls.Certificate{cert}, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		}
		mine, foreign := show(clients), show(others)
		if _, err := l.connect(mine); err != nil {
			t.Errorf("a client of the CA is refused: %v", err)
		}
		for what, config := range map[string]*tls.Config{"none": {}, "another CA's": foreign} {
			if _, err := l.connect(config); err == nil {
				t.Errorf("a client with %s certificate is let in", what)
			}
		}
		write(others)
		if _, err := l.connect(mine); err == nil {
			t.Error("a client whose CA was taken out is let in, with a session of before perhaps")
		}
		if _, err := l.connect(foreign); err != nil {
			t.Errorf("a client of the new CA is refused: %v", err)
		}
	})
}

func TestAnExpiredCertificateIsServedAndToldOnceADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newListener(t)
		l.load(t)
		if l.count("expired") != 0 {
			t.Errorf("a good certificate is called expired:\n%s", l.log.String())
		}
		time.Sleep(2 * time.Hour)
		for day := range 3 {
			for range 5 {
				if _, err := l.connect(&tls.Config{}); err == nil || !strings.Contains(err.Error(), "expired") {
					t.Errorf("the client says %v, want that the certificate has expired", err)
				}
			}
			if got := l.count("has expired"); got != day+1 {
				t.Errorf("on day %d the log said %d times that it has expired:\n%s", day+1, got, l.log.String())
			}
			time.Sleep(24 * time.Hour)
		}
	})
}

func TestOldProtocolsAreRefused(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	l.load(t)
	if _, err := l.connect(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if _, err := l.connect(&tls.Config{MaxVersion: tls.VersionTLS12}); err != nil {
		t.Errorf("TLS 1.2 is not spoken: %v", err)
	}
}

func TestFilesThatCannotServeAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, l *listener)
		says  []string
	}{
		{"no certificate", func(_ *testing.T, l *listener) { l.files.Cert = "/nowhere/cert.pem" }, []string{"--tls-cert-file", "/nowhere/cert.pem"}},
		{"a key that others read", func(t *testing.T, l *listener) {
			if err := os.Chmod(l.files.Key, 0o644); err != nil {
				t.Fatal(err)
			}
		}, []string{"--tls-key-file", "chmod 0640"}},
		{"another's key", func(t *testing.T, l *listener) {
			if err := os.WriteFile(l.files.Key, l.ca.Issue(t, "x").Key, 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"fit together", "--tls-cert-file", "--tls-key-file"}},
		{"a client CA without a certificate", func(_ *testing.T, l *listener) { l.files.ClientCA = l.files.Key }, []string{"--tls-client-ca-file", "no certificate"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newListener(t)
			c.spoil(t, l)
			_, err := certificate.API.Load(slog.New(slog.DiscardHandler), l.files)
			for _, words := range c.says {
				if err == nil || !strings.Contains(err.Error(), words) {
					t.Errorf("the error is %v, want %q in it", err, words)
				}
			}
		})
	}
}

func TestFilesThatDoNotGoTogetherAreRefused(t *testing.T) {
	t.Parallel()
	for files, want := range map[certificate.Files]string{
		{}:                                   "",
		{Cert: "c", Key: "k"}:                "",
		{Cert: "c", Key: "k", ClientCA: "a"}: "",
		{Cert: "c"}:                          "--tls-key-file",
		{Key: "k"}:                           "--tls-cert-file",
		{ClientCA: "a"}:                      "--tls-cert-file",
	} {
		err := files.Check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q in the error", files, err, want)
		}
	}
}

func TestHostIsANameOfTheCertificate(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	for want, change := range map[string]func(*x509.Certificate){
		"orbit.example": func(c *x509.Certificate) { c.DNSNames = []string{"*.example", "orbit.example"} },
		"127.0.0.1":     func(c *x509.Certificate) { c.DNSNames = []string{"*.example"} },
		"":              func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, nil },
	} {
		l.ca.Issue(t, "x", change).Write(t, l.dir)
		l.load(t)
		if got := l.source.Host(); got != want {
			t.Errorf("the host is %q, want %q", got, want)
		}
	}
}

package certificate_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
)

// several are the files of certificates, one for each name.
func several(t *testing.T, ca *certtest.CA, names ...string) []certificate.Files {
	t.Helper()
	var files []certificate.Files
	for _, name := range names {
		var f certificate.Files
		f.Cert, f.Key = ca.Issue(t, name).Write(t, t.TempDir())
		files = append(files, f)
	}
	return files
}

func TestEachClientGetsTheCertificateOfItsName(t *testing.T) {
	t.Parallel()
	ca := certtest.NewCA(t, "root")
	files := several(t, ca, "*.portal.example", "own.example", "*.deep.portal.example")
	source, err := certificate.Gateway.Load(slog.New(slog.DiscardHandler), files...)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"acme.portal.example": "*.portal.example", "own.example": "own.example", "a.deep.portal.example": "*.deep.portal.example",
		"portal.example": "*.portal.example", "evil.example": "*.portal.example", "": "*.portal.example",
	} {
		l := &listener{ca: ca, source: source}
		got, err := l.connect(&tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err != nil || got != want {
			t.Errorf("a client of %q gets the certificate of %q (%v), want %q", name, got, err, want)
		}
	}
	for _, c := range []struct {
		name, other string
		want        bool
	}{
		{"acme.portal.example", "globex.portal.example", true},
		{"acme.portal.example", "own.example", false},
		{"acme.portal.example", "a.deep.portal.example", false},
		{"own.example", "acme.portal.example", false},
		{"evil.example", "evil.example", true},
		{"evil.example", "acme.portal.example", true}, // it was shown that one
		{"evil.example", "own.example", false},
	} {
		if got := source.Shared(c.name, c.other); got != c.want {
			t.Errorf("a connection of %s serves %s: %v", c.name, c.other, got)
		}
	}
	for name, want := range map[string]bool{"x.portal.example": true, "own.example": true, "portal.example": false, "x.own.example": false} {
		if got := source.Covers(name); got != want {
			t.Errorf("a certificate is for %s: %v", name, got)
		}
	}
	if diff := cmp.Diff([]string{"*.portal.example", "own.example", "*.deep.portal.example"}, source.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestOneBrokenPairOfSeveralLeavesAllAsTheyWere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &listener{ca: certtest.NewCA(t, "root")}
		files := several(t, l.ca, "first.example", "second.example")
		var err error
		if l.source, err = certificate.Gateway.Load(slog.New(slog.NewTextHandler(&l.log, nil)), files...); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[1].Key, l.ca.Issue(t, "x").Key, 0o600); err != nil {
			t.Fatal(err)
		}
		l.expect(t, "first.example")
		if !strings.Contains(l.log.String(), "changed TLS files are not taken up") ||
			!strings.Contains(l.log.String(), files[1].Key+" (--gateway-tls-key-file)") {
			t.Errorf("the log does not say which files are not taken up:\n%s", l.log.String())
		}
		if got, err := l.connect(&tls.Config{ServerName: "second.example"}); err != nil || got != "second.example" {
			t.Errorf("the certificate before is not served: %q, %v", got, err)
		}
	})
}

func TestACertificateThatExpiresSoonIsToldOnceADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		l := &listener{ca: certtest.NewCA(t, "root"), dir: t.TempDir()}
		l.files.Cert, l.files.Key = l.ca.Issue(t, "first.example", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(16 * day) }).Write(t, l.dir)
		l.load(t)
		handshake := func() { _, _ = l.connect(&tls.Config{InsecureSkipVerify: true}) }
		handshake()
		time.Sleep(day + 23*time.Hour)
		handshake()
		if got := l.count("expires soon"); got != 0 {
			t.Errorf("it is said %d times more than 14 days before its end", got)
		}
		time.Sleep(2 * time.Hour)
		for range 14 {
			handshake()
			handshake()
			time.Sleep(day)
		}
		handshake()
		if soon, over := l.count("expires soon"), l.count("has expired"); soon != 14 || over != 1 {
			t.Errorf("it is said %d times that it expires soon and %d times that it has expired, want 14 and 1:\n%s", soon, over, l.log.String())
		}
	})
}

func TestEveryCertificateHasItsKey(t *testing.T) {
	t.Parallel()
	got, err := certificate.Gateway.Pairs([]string{"a.pem", "b.pem"}, []string{"a.key", "b.key"})
	if diff := cmp.Diff([]certificate.Files{{Cert: "a.pem", Key: "a.key"}, {Cert: "b.pem", Key: "b.key"}}, got); err != nil || diff != "" {
		t.Errorf("pairs: %v (-want +got):\n%s", err, diff)
	}
	if _, err := certificate.Gateway.Pairs([]string{"a.pem"}, nil); err == nil || !strings.Contains(err.Error(), "--gateway-tls-key-file 0 times") {
		t.Errorf("a certificate without a key: %v", err)
	}
}

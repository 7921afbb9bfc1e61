// Package certificate is the TLS side of a listener: certificates from files, and whose clients may connect. Renewed files
// are taken up while the listener serves; connections that are open stay as they are.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/reread"
)

const (
	// warnEvery is how often it is said that a certificate has expired, or soon will have, while clients come.
	warnEvery = 24 * time.Hour
	// warnBefore is how long before its end that begins.
	warnBefore = 14 * 24 * time.Hour
)

// Listener says whose certificates they are, and how the flags that name their files begin: for messages.
type Listener struct{ Whose, Flag string }

// Orbitd's listeners.
var (
	API     = Listener{Whose: "the API's", Flag: "--tls"}             //nolint:gochecknoglobals // a constant
	Gateway = Listener{Whose: "the gateway's", Flag: "--gateway-tls"} //nolint:gochecknoglobals // a constant
)

// Files are where a certificate of a listener is. The zero value is no TLS.
type Files struct {
	// Cert is a PEM file with the certificate, and those between it and its root below it.
	Cert string
	// Key is a PEM file with its private key, which users other than its owner and group cannot read.
	Key string
	// ClientCA is a PEM file with the roots of the certificates that clients have to show; "" asks clients for none.
	ClientCA string
}

// Check says what is missing among the files, in the words of orbitd's flags.
func (f Files) Check() error {
	if (f.Cert == "") != (f.Key == "") {
		return errors.New("--tls-cert-file and --tls-key-file go together: give both, or none for an API on a loopback address without TLS")
	}
	if f.ClientCA != "" && f.Cert == "" {
		return errors.New("--tls-client-ca-file asks clients for certificates, which only TLS carries: give --tls-cert-file and --tls-key-file too")
	}
	return nil
}

// Pairs are the files of a listener with several certificates, each with the key at the same place of the other list.
func (l Listener) Pairs(certs, keys []string) ([]Files, error) {
	if len(certs) != len(keys) {
		return nil, fmt.Errorf("%s-cert-file is given %d times and %s-key-file %d times: give each certificate its key, in the same order",
			l.Flag, len(certs), l.Flag, len(keys))
	}
	files := make([]Files, len(certs))
	for i := range certs {
		files[i] = Files{Cert: certs[i], Key: keys[i]}
	}
	return files, nil
}

// Source are certificates that are read again when their files change.
type Source struct {
	listener Listener
	value    *reread.Value[*tls.Config]
	logger   *slog.Logger

	mu     sync.Mutex
	warned time.Time
	// toldExpired says which of the two it was warned of.
	toldExpired bool
}

// Load reads the files, at least one of each kind. The caller has checked them. A client gets the certificate that is for
// the name it asks for, and the first where none is.
func (l Listener) Load(logger *slog.Logger, files ...Files) (*Source, error) {
	s := &Source{listener: l, logger: logger}
	var err error
	read := func(reader *reread.Files) (*tls.Config, error) { return l.read(reader, files) }
	s.value, err = reread.New(read, func(config *tls.Config, err error) {
		if err != nil {
			logger.Error("changed TLS files are not taken up; those before serve on", "of", l.Whose, "error", err)
			return
		}
		logger.Info("changed TLS files are taken up", "of", l.Whose, "expires", first(config).NotAfter)
	})
	if err != nil {
		return nil, err
	}
	s.warn(s.value.Get())
	return s, nil
}

// Config is what a listener serves with: whoever connects gets the newest certificate.
func (s *Source) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			config := s.value.Get()
			s.warn(config)
			return config, nil
		},
	}
}

// Host is a name or address that the first certificate is for, "" when it has none that stands for one host.
func (s *Source) Host() string {
	leaf := s.value.Get().Certificates[0].Leaf
	for _, name := range leaf.DNSNames {
		if !strings.HasPrefix(name, "*") {
			return name
		}
	}
	if len(leaf.IPAddresses) > 0 {
		return leaf.IPAddresses[0].String()
	}
	return ""
}

// Covers says whether one of the certificates is for the host.
func (s *Source) Covers(host string) bool {
	return slices.ContainsFunc(s.value.Get().Certificates, func(c tls.Certificate) bool { return c.Leaf.VerifyHostname(host) == nil })
}

// Shared says whether a client that asked for one name may also ask for the other over the same connection: the
// certificate that it was shown is for both.
func (s *Source) Shared(name, other string) bool {
	certificates := s.value.Get().Certificates
	shown := certificates[0]
	for _, c := range certificates {
		if c.Leaf.VerifyHostname(name) == nil {
			shown = c
			break
		}
	}
	return name == other || shown.Leaf.VerifyHostname(other) == nil
}

// Names are those that the certificates are for, wildcards among them.
func (s *Source) Names() []string {
	var names []string
	for _, c := range s.value.Get().Certificates {
		names = append(names, c.Leaf.DNSNames...)
	}
	return names
}

// first is the certificate that expires before the others.
func first(config *tls.Config) *x509.Certificate {
	return slices.MinFunc(config.Certificates, func(x, y tls.Certificate) int {
		return x.Leaf.NotAfter.Compare(y.Leaf.NotAfter)
	}).Leaf
}

// warn says once a day that a certificate has expired, or soon will have. One that has is served nevertheless: what
// clients say of it tells more than a closed port.
func (s *Source) warn(config *tls.Config) {
	leaf, now := first(config), time.Now()
	left := leaf.NotAfter.Sub(now)
	if left > warnBefore {
		return
	}
	expired := left <= 0
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.toldExpired == expired && now.Sub(s.warned) < warnEvery {
		return
	}
	s.warned, s.toldExpired = now, expired
	if expired {
		s.logger.Warn("a certificate has expired, and clients will refuse it: renew the file; orbitd takes it up by itself",
			"of", s.listener.Whose, "names", leaf.DNSNames, "expires", leaf.NotAfter)
		return
	}
	s.logger.Warn("a certificate expires soon: renew the file; orbitd takes it up by itself",
		"of", s.listener.Whose, "names", leaf.DNSNames, "expires", leaf.NotAfter)
}

// read makes the listener's configuration of the files.
func (l Listener) read(reader *reread.Files, files []Files) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	for _, f := range files {
		pair, err := l.readPair(reader, f)
		if err != nil {
			return nil, err
		}
		config.Certificates = append(config.Certificates, pair)
		if f.ClientCA == "" {
			continue
		}
		if config.ClientCAs, err = l.readRoots(reader, f.ClientCA); err != nil {
			return nil, err
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.SessionTicketsDisabled = true // a session that goes on would outlive the CA that let it in
	}
	return config, nil
}

func (l Listener) readPair(reader *reread.Files, f Files) (tls.Certificate, error) {
	cert, err := reader.Read(f.Cert, 0)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read %s-cert-file: %w", l.Flag, err)
	}
	key, err := reader.Read(f.Key, 0o007)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read %s-key-file: %w", l.Flag, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("the certificate in %s (%s-cert-file) and the key in %s (%s-key-file) have to be PEM and fit together: %w",
			f.Cert, l.Flag, f.Key, l.Flag, err)
	}
	return pair, nil
}

func (l Listener) readRoots(reader *reread.Files, name string) (*x509.CertPool, error) {
	roots, err := reader.Read(name, 0)
	if err != nil {
		return nil, fmt.Errorf("read %s-client-ca-file: %w", l.Flag, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots) {
		return nil, fmt.Errorf("%s-client-ca-file %s has no certificate in PEM form", l.Flag, name)
	}
	return pool, nil
}

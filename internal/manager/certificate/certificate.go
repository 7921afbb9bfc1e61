// Package certificate is the TLS side of a listener: a certificate from files, and whose clients may connect. Renewed
// files are taken up while the listener serves; connections that are open stay as they are.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/reread"
)

// warnEvery is how often it is said that the certificate has expired, while clients come.
const warnEvery = 24 * time.Hour

// Files are where a listener's certificate is. The zero value is no TLS.
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

// Source is a certificate that is read again when its files change.
type Source struct {
	value  *reread.Value[*tls.Config]
	logger *slog.Logger

	mu     sync.Mutex
	warned time.Time
}

// Load reads the files. The caller has checked them.
func Load(files Files, logger *slog.Logger) (*Source, error) {
	s := &Source{logger: logger}
	var err error
	s.value, err = reread.New(files.read, func(config *tls.Config, err error) {
		if err != nil {
			logger.Error("the API's changed TLS files are not taken up; those before serve on", "error", err)
			return
		}
		logger.Info("the API's changed TLS files are taken up", "expires", leaf(config).NotAfter)
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

// Host is a name or address that the certificate is for, "" when it has none that stands for one host.
func (s *Source) Host() string {
	leaf := leaf(s.value.Get())
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

func leaf(config *tls.Config) *x509.Certificate { return config.Certificates[0].Leaf }

// warn says once a day that the certificate has expired. It is served nevertheless: what clients say of it tells more
// than a closed port.
func (s *Source) warn(config *tls.Config) {
	now, expired := time.Now(), leaf(config).NotAfter
	if now.Before(expired) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.warned.IsZero() && now.Sub(s.warned) < warnEvery {
		return
	}
	s.warned = now
	s.logger.Warn("the API's certificate has expired, and clients will refuse it: renew the file; orbitd takes it up by itself",
		"expired", expired)
}

// read makes the listener's configuration of the files.
func (f Files) read(files *reread.Files) (*tls.Config, error) {
	cert, err := files.Read(f.Cert, 0)
	if err != nil {
		return nil, fmt.Errorf("read --tls-cert-file: %w", err)
	}
	key, err := files.Read(f.Key, 0o007)
	if err != nil {
		return nil, fmt.Errorf("read --tls-key-file: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("the certificate in %s (--tls-cert-file) and the key in %s (--tls-key-file) have to be PEM and fit together: %w",
			f.Cert, f.Key, err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"},
	}
	if f.ClientCA == "" {
		return config, nil
	}
	roots, err := files.Read(f.ClientCA, 0)
	if err != nil {
		return nil, fmt.Errorf("read --tls-client-ca-file: %w", err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(roots) {
		return nil, fmt.Errorf("--tls-client-ca-file %s has no certificate in PEM form", f.ClientCA)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.SessionTicketsDisabled = true // a session that goes on would outlive the CA that let it in
	return config, nil
}

package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

const (
	// acmeTimeout bounds each request to the CA.
	acmeTimeout = 30 * time.Second
	// complainEvery is how often it is said of a host that it gets no certificate.
	complainEvery = time.Minute
)

// ACME is a CA that gives certificates by itself (RFC 8555). The zero value is none.
type ACME struct {
	// Directory is the https URL of the CA's directory.
	Directory string
	// Email is where the CA writes to about certificates; "" is nowhere.
	Email string
	// CAFile is a PEM file with the roots that the directory's own certificate comes from; "" are the system's.
	CAFile string
	// AgreeTerms says that the CA's terms are agreed to.
	AgreeTerms bool
}

// Check says what is missing, in the words of orbitd's flags.
func (a ACME) Check() error {
	if a.Directory == "" {
		if a != (ACME{}) {
			return errors.New("--gateway-acme-email, --gateway-acme-ca-file and --gateway-acme-agree-terms are about a CA: name it with --gateway-acme-directory")
		}
		return nil
	}
	if u, err := url.Parse(a.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("--gateway-acme-directory %q is not the https URL of a CA's directory", a.Directory)
	}
	if !a.AgreeTerms {
		return fmt.Errorf("the CA of --gateway-acme-directory gives certificates to those who agree to its terms: read them (%s names them) "+
			"and say so with --gateway-acme-agree-terms", a.Directory)
	}
	return nil
}

// Automatic are certificates that a CA gives when they are needed, and renews before they expire.
type Automatic struct {
	manager *autocert.Manager
	known   func(ctx context.Context, host string) bool
	logger  *slog.Logger

	mu         sync.Mutex
	complained map[string]time.Time
}

// Automatic keeps certificates, and the account's key, in the folder. Known says which hosts get one: whoever connects may
// ask for any name, and a CA gives only so many.
func (a ACME) Automatic(dir string, known func(ctx context.Context, host string) bool, logger *slog.Logger) (*Automatic, error) {
	client := &http.Client{Timeout: acmeTimeout}
	if a.CAFile != "" {
		content, err := os.ReadFile(a.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read --gateway-acme-ca-file: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("--gateway-acme-ca-file %s has no certificate in PEM form", a.CAFile)
		}
		client.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		}
	}
	automatic := &Automatic{known: known, logger: logger, complained: map[string]time.Time{}}
	automatic.manager = &autocert.Manager{
		Prompt: func(string) bool { return a.AgreeTerms }, Cache: autocert.DirCache(dir), Email: a.Email,
		Client:     &acme.Client{DirectoryURL: a.Directory, HTTPClient: client, UserAgent: "orbitd"},
		HostPolicy: automatic.allow,
	}
	return automatic, nil
}

// errUnknownHost is what a client that asks for another host than the known ones fails with.
var errUnknownHost = errors.New("no instance has this host name")

// allow is asked with the port where the CA asks by plain HTTP.
func (a *Automatic) allow(ctx context.Context, host string) error {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if !a.known(ctx, host) {
		return errUnknownHost
	}
	return nil
}

// Config is what a listener serves with: the certificates of files for their names, and for names that are none of an
// instance's; others are had from the CA. Files may be nil.
func (a *Automatic) Config(files *Source) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1", acme.ALPNProto},
		GetCertificate: a.certificate,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if files == nil || slices.Equal(hello.SupportedProtos, []string{acme.ALPNProto}) {
				return nil, nil //nolint:nilnil // this one, as crypto/tls has it
			}
			if files.Covers(hello.ServerName) || !a.known(hello.Context(), hello.ServerName) {
				return files.Config().GetConfigForClient(hello)
			}
			return nil, nil //nolint:nilnil // this one
		},
	}
}

func (a *Automatic) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	certificate, err := a.manager.GetCertificate(hello)
	if err != nil && !errors.Is(err, errUnknownHost) && a.known(hello.Context(), hello.ServerName) {
		a.complain(hello.ServerName, err)
	}
	return certificate, err
}

// complain says, not all the time, why a host that is known gets no certificate.
func (a *Automatic) complain(host string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.complained[host]) < complainEvery {
		return
	}
	a.complained[host] = time.Now()
	a.logger.Warn("the CA gives no certificate for a host; visitors are refused. Its name has to lead here, to port 443 or 80", "host", host, "error", err)
}

// Answer is a handler for plain HTTP that answers the CA's questions (HTTP-01) and gives next everything else. From then on
// the CA may ask that way too.
func (a *Automatic) Answer(next http.Handler) http.Handler { return a.manager.HTTPHandler(next) }

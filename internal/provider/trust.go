package provider

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// trust says with which certificates the provider and orbitd know each other.
type trust struct {
	authority   material
	certificate material
	key         material
}

// incomplete is what is missing beside what is given, or "".
func (t trust) incomplete() (given material, missing string) {
	switch {
	case t.certificate.given() && !t.key.given():
		return t.certificate, "client_key_file or client_key"
	case t.key.given() && !t.certificate.given():
		return t.key, "client_cert_file or client_cert"
	default:
		return material{}, ""
	}
}

// config reads what is given; nil leaves everything to the system.
func (t trust) config() (*tls.Config, error) {
	if !t.authority.given() && !t.certificate.given() {
		return nil, nil //nolint:nilnil // as documented
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.authority.given() {
		text, err := t.authority.readPEM("CERTIFICATE")
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("no certificate in %s can be read, although it is PEM", t.authority)
		}
	}
	if t.certificate.given() {
		certificate, err := t.certificate.readPEM("CERTIFICATE")
		if err != nil {
			return nil, err
		}
		key, err := t.key.readPEM("PRIVATE KEY")
		if err != nil {
			return nil, err
		}
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("the client certificate of %s and the key of %s do not go together: %w", t.certificate, t.key, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// inTheClear says whether a token for the endpoint is readable on its way: it leaves the machine without TLS.
func inTheClear(endpoint string) bool {
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Scheme != "http" {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(parsed.Hostname()), ".")
	return host != "localhost" && !strings.HasSuffix(host, ".localhost") && !net.ParseIP(host).IsLoopback()
}

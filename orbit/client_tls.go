package orbit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// TLSError says that there is something at the endpoint with which no TLS connection comes about: one of the two sides
// does not trust the other, or it speaks no TLS. Asking again does not help.
type TLSError struct {
	// Endpoint is the base URL that was tried.
	Endpoint string
	// RequestID is the name that the request would have had.
	RequestID string
	// Err is why, as TLS said it.
	Err error
}

// Error names the endpoint, the cause and what to do.
func (e *TLSError) Error() string {
	return fmt.Sprintf("no TLS connection to orbitd at %s: %v. %s%s", e.Endpoint, e.Err, e.advice(), named(e.RequestID))
}

// Unwrap returns the cause.
func (e *TLSError) Unwrap() error { return e.Err }

func (e *TLSError) advice() string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(e.Err, &authority):
		return "orbitd's certificate is of an authority that is not trusted here: set ca_cert_file or ca_cert " +
			"(ORBIT_CA_CERT_FILE or ORBIT_CA_CERT) to the authority's certificate"
	case errors.As(e.Err, &host):
		return "orbitd's certificate is for another name: set the endpoint to a name that the certificate has"
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return "orbitd's certificate is not valid now: renew it, and see that the clocks of both machines are right"
	case speaksNoTLS(e.Err):
		return "What answers there speaks no TLS: begin the endpoint with http:// if that is meant"
	case refused(e.Err):
		return "orbitd wants a client certificate that it trusts and that is valid now: set client_cert_file and " +
			"client_key_file (ORBIT_CLIENT_CERT_FILE and ORBIT_CLIENT_KEY_FILE)"
	default:
		return "See that the endpoint is orbitd's, and what orbitd's log says"
	}
}

// disagreement says whether err means that no TLS connection comes about, now or later.
func disagreement(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate) || speaksNoTLS(err) || refused(err)
}

// speaksNoTLS says whether what answered knows nothing of TLS: net/http has an error of its own for an HTTP answer.
func speaksNoTLS(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch)
}

// refused says whether the server ended the connection because of what the client is.
func refused(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "remote error"
}

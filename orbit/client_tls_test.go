package orbit_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// serveTLS runs an API of one instance with the certificate.
func serveTLS(t *testing.T, config *tls.Config) (server *httptest.Server, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, orbit.Instance{Workspace: "acme"})
	}))
	server.Config.ErrorLog = quiet
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		asked.Add(1)
		return nil, nil //nolint:nilnil // means the config itself
	}
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, asked
}

func TestACertificateIsTrustedByItsAuthority(t *testing.T) {
	t.Parallel()
	authority := certtest.NewCA(t, "root")
	server, _ := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{authority.Issue(t, "orbit.example").TLS(t)}, ClientCAs: authority.Pool(),
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	})
	client := dial(t, orbit.ClientOptions{Endpoint: server.URL, TLS: &tls.Config{
		RootCAs: authority.Pool(), Certificates: []tls.Certificate{authority.Issue(t, "orbit.example").TLS(t)}, MinVersion: tls.VersionTLS12,
	}})
	if _, err := client.GetInstance(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
}

func TestATLSErrorSaysWhatToDoAndIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	authority, stranger := certtest.NewCA(t, "root"), certtest.NewCA(t, "root")
	good := &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12}
	with := func(pair certtest.Pair) *tls.Config {
		config := good.Clone()
		config.Certificates = []tls.Certificate{pair.TLS(t)}
		return config
	}
	for name, c := range map[string]struct {
		server  []func(*x509.Certificate)
		clients tls.ClientAuthType
		client  *tls.Config
		host    string
		says    []string
	}{
		"an unknown authority":     {nil, tls.NoClientCert, nil, "127.0.0.1", []string{"unknown authority", "set ca_cert_file", "ORBIT_CA_CERT_FILE"}},
		"an expired certificate":   {[]func(*x509.Certificate){certtest.Expired}, tls.NoClientCert, good, "127.0.0.1", []string{"expired", "renew it"}},
		"another name":             {nil, tls.NoClientCert, good, "localhost", []string{"set the endpoint to a name that"}},
		"no client certificate":    {nil, tls.RequireAndVerifyClientCert, good, "127.0.0.1", []string{"certificate required", "client_cert_file"}},
		"a stranger's certificate": {nil, tls.RequireAndVerifyClientCert, with(stranger.Issue(t, "orbit.example")), "127.0.0.1", []string{"client_cert_file"}},
		"an expired client's":      {nil, tls.RequireAndVerifyClientCert, with(authority.Issue(t, "orbit.example", certtest.Expired)), "127.0.0.1", []string{"valid now"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, asked := serveTLS(t, &tls.Config{
				Certificates: []tls.Certificate{authority.Issue(t, "orbit.example", c.server...).TLS(t)}, ClientCAs: authority.Pool(), ClientAuth: c.clients,
				MinVersion: tls.VersionTLS13,
			})
			client := dial(t, orbit.ClientOptions{Endpoint: strings.Replace(server.URL, "127.0.0.1", c.host, 1), TLS: c.client})
			_, err := client.GetInstance(t.Context(), "acme")
			var disagreement *orbit.TLSError
			if !errors.As(err, &disagreement) || disagreement.RequestID == "" || orbit.IsUnreachable(err) || orbit.IsTransient(err) {
				t.Fatalf("error is %T (%v), want a TLS error alone", err, err)
			}
			for _, want := range append(c.says, disagreement.Endpoint, disagreement.RequestID) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if asked.Load() != 1 {
				t.Errorf("asked %d times, want once", asked.Load())
			}
		})
	}
}

func TestTheWrongSchemeIsNamed(t *testing.T) {
	t.Parallel()
	server, _ := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{certtest.NewCA(t, "root").Issue(t, "orbit.example").TLS(t)}, MinVersion: tls.VersionTLS12})
	_, err := dial(t, orbit.ClientOptions{Endpoint: strings.Replace(server.URL, "https", "http", 1)}).GetInstance(t.Context(), "acme")
	if err == nil || !strings.Contains(err.Error(), "begin the endpoint with https://") {
		t.Errorf("http to TLS: %v", err)
	}
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, err = dial(t, orbit.ClientOptions{Endpoint: strings.Replace(plain.Endpoint(), "http", "https", 1)}).GetInstance(t.Context(), "acme")
	if err == nil || !strings.Contains(err.Error(), "begin the endpoint with http://") {
		t.Errorf("TLS to http: %v", err)
	}
}

package issuer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

const (
	// discoveryPath is what OpenID Connect Discovery 1.0 appends to an issuer's URL.
	discoveryPath = "/.well-known/openid-configuration"
	// maxAnswer is far above what issuers answer, in bytes.
	maxAnswer = 1 << 20
	// maxRedirects is how often an issuer may send on.
	maxRedirects = 3
)

// newClient returns a client that trusts the roots, or with nil the system's, and follows nobody into the clear.
func newClient(roots *x509.CertPool) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http says so
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	transport.DisableKeepAlives = true // it is asked once an hour
	return &http.Client{
		Transport: transport,
		CheckRedirect: func(r *http.Request, before []*http.Request) error {
			if len(before) > maxRedirects {
				return errors.New("it redirects too often")
			}
			if err := secure(r.URL.String()); err != nil {
				return fmt.Errorf("it redirects to %s, which %w", r.URL, err)
			}
			return nil
		},
	}
}

// fetchKeys asks for the issuer's keys. Where they are it asks first, unless that is configured.
func (c config) fetchKeys(ctx context.Context, client *http.Client) ([]jose.JSONWebKey, error) {
	from := c.JWKSURL
	if from == "" {
		var err error
		if from, err = c.discover(ctx, client); err != nil {
			return nil, err
		}
	}
	content, err := get(ctx, client, from)
	if err != nil {
		return nil, err
	}
	return publicKeys(content)
}

func (c config) discover(ctx context.Context, client *http.Client) (string, error) {
	from := strings.TrimSuffix(c.Issuer, "/") + discoveryPath
	content, err := get(ctx, client, from)
	if err != nil {
		return "", err
	}
	var found struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(content, &found); err != nil {
		return "", fmt.Errorf("read %s: %w", from, err)
	}
	if found.Issuer != c.Issuer {
		return "", fmt.Errorf("%s calls the issuer %q: write it so in the sign-in file, or give jwks_url", from, found.Issuer)
	}
	if err := secure(found.JWKSURI); err != nil {
		return "", fmt.Errorf("jwks_uri %q in %s %w", found.JWKSURI, from, err)
	}
	return found.JWKSURI, nil
}

func get(ctx context.Context, client *http.Client, from string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", from, answer.Status)
	}
	content, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", from, err)
	}
	if len(content) > maxAnswer {
		return nil, fmt.Errorf("%s answers more than %d bytes", from, maxAnswer)
	}
	return content, nil
}

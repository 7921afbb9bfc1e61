// Package issuer signs in whoever shows a JSON Web Token of somebody that orbitd is configured to believe: a run of HCP
// Terraform, or a job of GitHub Actions, without any secret that they would have to keep.
package issuer

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/reread"
)

const (
	// maxToken bounds a token, in bytes: those of issuers have one or two thousand.
	maxToken = 16 << 10
	// skew is how far an issuer's clock may be from this machine's.
	skew = time.Minute
)

// algorithms are those with which only the issuer can sign.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// Issuers are those of a sign-in file.
type Issuers struct {
	file *reread.Value[map[string]*trusted]
}

// trusted is an issuer whose tokens are taken.
type trusted struct {
	config
	keys *keySet
}

// Load reads a sign-in file, and reads it again when it changes. The issuers are not asked before a token of theirs comes.
func Load(file string, logger *slog.Logger) (*Issuers, error) {
	value, err := reread.New(
		func(files *reread.Files) (map[string]*trusted, error) { return read(file, files, logger) },
		func(all map[string]*trusted, err error) {
			if err != nil {
				logger.Error("the changed sign-in file is not taken up; what it was before holds", "error", err)
				return
			}
			logger.Info("the changed sign-in file is taken up", "issuers", len(all))
		})
	if err != nil {
		return nil, err
	}
	return &Issuers{file: value}, nil
}

// read makes the issuers of a file, by the claim iss of their tokens.
func read(file string, files *reread.Files, logger *slog.Logger) (map[string]*trusted, error) {
	content, err := files.Read(file, 0o022) // whoever writes to it makes themselves an admin
	if err != nil {
		return nil, fmt.Errorf("read --sign-in-file: %w", err)
	}
	configs, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("read --sign-in-file %s: %w", file, err)
	}
	all := map[string]*trusted{}
	for _, c := range configs {
		roots, err := c.roots(files)
		if err != nil {
			return nil, fmt.Errorf("read --sign-in-file %s: line %d: ca_file: %w", file, c.line, err)
		}
		client := newClient(roots)
		all[c.Issuer] = &trusted{c, newKeySet(c.Issuer, func(ctx context.Context) ([]jose.JSONWebKey, error) {
			return c.fetchKeys(ctx, client)
		}, logger)}
	}
	return all, nil
}

// roots are what the issuer's own certificate has to come from; nil is the system's.
func (c config) roots(files *reread.Files) (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil //nolint:nilnil // x509 means the system's
	}
	content, err := files.Read(c.CAFile, 0o022)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s has no certificate in PEM form", c.CAFile)
	}
	return roots, nil
}

// Authenticate tells whose token it is, and what the first of the issuer's rules that matches makes of it. The error is
// auth.ErrUnknownToken for what is no token of a configured issuer, and wraps auth.ErrUnavailable where it could not be checked.
func (i *Issuers) Authenticate(ctx context.Context, token string) (auth.Principal, error) {
	if len(token) > maxToken {
		return auth.Principal{}, fmt.Errorf("the token has %d bytes: more than %d are not read", len(token), maxToken)
	}
	name, ok := issuerOf(token)
	if !ok {
		return auth.Principal{}, auth.ErrUnknownToken
	}
	from, ok := i.file.Get()[name]
	if !ok {
		return auth.Principal{}, auth.ErrUnknownToken
	}
	principal, err := from.authenticate(ctx, token)
	switch {
	case errors.Is(err, auth.ErrUnavailable):
		return auth.Principal{}, fmt.Errorf("check a token of %s: %w", from.Issuer, err)
	case err != nil:
		return auth.Principal{}, fmt.Errorf("the token of %s is not accepted: %w", from.Issuer, err)
	}
	return principal, nil
}

// issuerOf is what a token says of itself, before anything of it is believed.
func issuerOf(token string) (string, bool) {
	_, rest, _ := strings.Cut(token, ".")
	encoded, _, found := strings.Cut(rest, ".")
	if !found {
		return "", false
	}
	payload, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	var says struct {
		Issuer string `json:"iss"`
	}
	err = json.Unmarshal(payload, &says)
	return says.Issuer, err == nil && says.Issuer != ""
}

// authenticate looks at what costs nothing first: a token that is out of date makes nobody ask the issuer for its keys.
func (t *trusted) authenticate(ctx context.Context, token string) (auth.Principal, error) {
	parsed, err := jwt.ParseSigned(token, algorithms)
	if err != nil {
		return auth.Principal{}, errors.New("it is malformed, or not signed with one of the algorithms RS, PS and ES with 256, 384 or 512, and EdDSA")
	}
	var said jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&said); err != nil {
		return auth.Principal{}, errors.New("its claims cannot be read")
	}
	if err := t.timely(said); err != nil {
		return auth.Principal{}, err
	}
	var all claims
	if err := t.keys.verify(ctx, parsed, &all); err != nil {
		return auth.Principal{}, err
	}
	if said.Subject == "" {
		return auth.Principal{}, errors.New("it has no subject (sub)")
	}
	principal, err := decide(t.Rules, all)
	principal.Subject = t.Issuer + "#" + said.Subject
	return principal, err
}

// timely checks whom a token is for, and when.
func (t *trusted) timely(said jwt.Claims) error {
	if said.Expiry == nil {
		return errors.New("it never expires: it has to have the claim exp")
	}
	err := said.ValidateWithLeeway(jwt.Expected{Issuer: t.Issuer, AnyAudience: t.Audiences}, skew)
	switch {
	case errors.Is(err, jwt.ErrInvalidAudience):
		return errors.New("its audience (aud) is not in orbitd's sign-in file: ask the issuer for a token that is meant for it")
	case errors.Is(err, jwt.ErrExpired):
		return errors.New("it has expired: get a new one")
	case errors.Is(err, jwt.ErrNotValidYet), errors.Is(err, jwt.ErrIssuedInTheFuture):
		return errors.New("it is not valid yet: compare the clocks of the issuer and of orbitd's machine")
	}
	return err
}

package access

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// HandlerType is the type of orbitd's entry in backend.auth.externalAccess; the host brings what reads it.
	HandlerType = "orbit"
	// issuer is what orbitd calls itself in what it signs.
	issuer = "orbit"
)

// signer signs JWTs with ES256. It is safe for concurrent use.
type signer struct {
	private jose.Signer
	public  jose.JSONWebKey
}

// newKey makes a key, in the form that newSigner reads.
func newKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

func newSigner(der []byte) (*signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("read the signing key: it is malformed") // nothing of it may be quoted
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, errors.New("read the signing key: it is not one for ES256")
	}
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.ES256), Use: "sig"}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("name the signing key: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	signs, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: public.KeyID}},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		return nil, fmt.Errorf("use the signing key: %w", err)
	}
	return &signer{private: signs, public: public}, nil
}

// sign returns a JWT with which the subject may call the workspace's instance until the end.
func (s *signer) sign(workspace, subject string, now, end time.Time) (string, error) {
	token, err := jwt.Signed(s.private).Claims(jwt.Claims{
		Issuer: issuer, Subject: subject, Audience: jwt.Audience{workspace}, IssuedAt: jwt.NewNumericDate(now),
		Expiry: jwt.NewNumericDate(end),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token for workspace %s: %w", workspace, err)
	}
	return token, nil
}

// trusted is the entry of backend.auth.externalAccess with which the workspace's instance takes what is signed for it.
func (s *signer) trusted(workspace string) (json.RawMessage, error) {
	type options struct {
		Issuer   string            `json:"issuer"`
		Audience string            `json:"audience"`
		Keys     []jose.JSONWebKey `json:"keys"`
	}
	entry, err := json.Marshal(struct {
		Type    string  `json:"type"`
		Options options `json:"options"`
	}{HandlerType, options{issuer, workspace, []jose.JSONWebKey{s.public}}})
	if err != nil {
		return nil, fmt.Errorf("write the public key: %w", err)
	}
	return entry, nil
}

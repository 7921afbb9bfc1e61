// Package issuertest is an issuer of tokens for tests, which signs what HCP Terraform does.
package issuertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Audience is that of the tokens.
const Audience = "orbit"

// Issuer publishes keys and signs with them.
type Issuer struct {
	// URL is the claim iss of its tokens.
	URL string

	mu       sync.Mutex
	down     bool
	asked    int
	rotation int
	rsa      *rsa.PrivateKey
	ec       *ecdsa.PrivateKey
}

// New starts an issuer on a loopback address. It ends with the test.
func New(t testing.TB) *Issuer {
	t.Helper()
	i := Unserved(t)
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// Unserved makes an issuer that nobody reaches.
func Unserved(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{URL: "https://issuer.invalid"}
	i.Rotate(t)
	return i
}

// Rotate replaces the keys.
func (i *Issuer) Rotate(t testing.TB) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rotation++
	var err error
	if i.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if i.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
}

// Down makes the issuer answer with errors, or not any more.
func (i *Issuer) Down(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// Asked is how often it was asked for its keys.
func (i *Issuer) Asked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

// PublicKey is the RSA key that it publishes.
func (i *Issuer) PublicKey() *rsa.PublicKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return &i.rsa.PublicKey
}

// KeyID names the key of the algorithm, which is RS256 or ES256.
func (i *Issuer) KeyID(algorithm jose.SignatureAlgorithm) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keyID(algorithm)
}

func (i *Issuer) keyID(algorithm jose.SignatureAlgorithm) string {
	return string(algorithm) + "-" + strconv.Itoa(i.rotation)
}

// ServeHTTP answers the discovery document and the key set.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var answer any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		answer = map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/jwks"}
	case "/jwks":
		i.asked++
		answer = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: &i.rsa.PublicKey, KeyID: i.keyID(jose.RS256), Algorithm: string(jose.RS256), Use: "sig"},
			{Key: &i.ec.PublicKey, KeyID: i.keyID(jose.ES256), Use: "sig"},
		}}
	default:
		http.NotFound(w, r)
		return
	}
	if i.down {
		http.Error(w, "down", http.StatusBadGateway)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// Run is what a token of HCP Terraform's workload identity says in a phase of a run, plan or apply, of a workspace.
func (i *Issuer) Run(organization, workspace, phase string) map[string]any {
	now := time.Now()
	subject := "organization:" + organization + ":project:Platform:workspace:" + workspace
	return map[string]any{
		"jti": "1192426d-b525-4fde-9d42-f238be437bbd",
		"iss": i.URL, "aud": Audience, "sub": subject + ":run_phase:" + phase,
		"iat": now.Unix(), "nbf": now.Add(-5 * time.Second).Unix(), "exp": now.Add(time.Hour).Unix(),
		"terraform_organization_id": "org-GRNbCjYNpBB6NEBH", "terraform_organization_name": organization,
		"terraform_project_id": "prj-vegSA59s1XPwMr2t", "terraform_project_name": "Platform",
		"terraform_workspace_id": "ws-mbsd5E3Ktt5Rg2Xm", "terraform_workspace_name": workspace,
		"terraform_full_workspace": subject, "terraform_run_id": "run-X3n1AUXNGWbfECsJ", "terraform_run_phase": phase,
	}
}

// Sign makes a token of the claims, with RS256 as HCP Terraform does.
func (i *Issuer) Sign(t testing.TB, claims map[string]any) string {
	t.Helper()
	return i.SignWith(t, jose.RS256, claims)
}

// SignWith makes one with RS256 or ES256.
func (i *Issuer) SignWith(t testing.TB, algorithm jose.SignatureAlgorithm, claims map[string]any) string {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	var key crypto.Signer = i.rsa
	if algorithm == jose.ES256 {
		key = i.ec
	}
	return Sign(t, algorithm, key, i.keyID(algorithm), claims)
}

// Sign makes a token with any key.
func Sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, keyID string, claims map[string]any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	if keyID != "" {
		options = options.WithHeader("kid", keyID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

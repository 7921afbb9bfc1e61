package manager_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	idpClient = "backstage"
	idpSecret = "known-to-the-provider"
)

// idp is an OpenID Connect provider whose only user is signed in already: it sends everybody straight back.
type idp struct {
	*httptest.Server
	signer jose.Signer
	keys   jose.JSONWebKeySet

	mu     sync.Mutex
	nonces map[string]string // of codes and refresh tokens that are good for a token
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{nonces: map[string]string{}}
	p.keys.Keys = []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}
	p.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"userinfo_endpoint": p.URL + "/userinfo", "jwks_uri": p.URL + "/jwks", "response_types_supported": []string{"code"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, p.keys) })
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, person()) })
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	return p
}

func person() map[string]any {
	return map[string]any{"sub": "1", "name": "Jane", "email": "jane@example.test", "email_verified": true}
}

func answerJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func (p *idp) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	back, err := url.Parse(asked.Get("redirect_uri"))
	if err != nil || asked.Get("client_id") != idpClient {
		http.Error(w, "who asks?", http.StatusBadRequest)
		return
	}
	back.RawQuery = url.Values{"code": {p.grant(asked.Get("nonce"))}, "state": {asked.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// grant makes something that is good for a token, once.
func (p *idp) grant(nonce string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	good := rand.Text()
	p.nonces[good] = nonce
	return good
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	good := r.FormValue("code") + r.FormValue("refresh_token")
	p.mu.Lock()
	nonce, granted := p.nonces[good]
	delete(p.nonces, good)
	p.mu.Unlock()
	if !granted || id != idpClient || secret != idpSecret {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	claims := person()
	claims["iss"], claims["aud"], claims["iat"], claims["exp"] = p.URL, idpClient, time.Now().Unix(), time.Now().Add(time.Hour).Unix()
	if nonce != "" {
		claims["nonce"] = nonce
	}
	idToken, err := jwt.Signed(p.signer).Claims(claims).Serialize()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answerJSON(w, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 3600, "id_token": idToken,
		"refresh_token": p.grant(""), "scope": "openid profile email",
	})
}

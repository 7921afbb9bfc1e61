package issuer_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth/issuer"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth/issuer/issuertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// signIn is a sign-in file of a local issuer, and what it makes of tokens.
type signIn struct {
	*issuertest.Issuer
	issuers *issuer.Issuers
	file    string
	log     bytes.Buffer
}

// rules are those of the guide: a plan reads, an apply administers the workspace that is called like HCP Terraform's.
const rules = `issuers:
  - issuer: %s
    audiences: [orbit]
    rules:
      - claims: { terraform_organization_name: acme, terraform_run_phase: plan }
        role: reader
      - claims: { terraform_organization_name: acme, terraform_run_phase: apply }
        role: workspace_admin
        workspace_from: terraform_workspace_name
        strip_prefix: portal-
`

func newSignIn(t *testing.T, from *issuertest.Issuer) *signIn {
	t.Helper()
	s := &signIn{Issuer: from, file: filepath.Join(t.TempDir(), "sign-in.yaml")}
	s.write(t, fmt.Sprintf(rules, s.URL))
	var err error
	if s.issuers, err = issuer.Load(s.file, slog.New(slog.NewTextHandler(&s.log, nil))); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *signIn) write(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile(s.file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// apply is what a token of an apply says, with some claims replaced, or with nil removed.
func (s *signIn) apply(changes map[string]any) map[string]any {
	claims := s.Run("acme", "portal-payments", "apply")
	for name, value := range changes {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

func (s *signIn) accepts(t *testing.T, token string) {
	t.Helper()
	if _, err := s.issuers.Authenticate(t.Context(), token); err != nil {
		t.Errorf("a good token is not accepted: %v", err)
	}
}

func (s *signIn) refuses(t *testing.T, token, why string) {
	t.Helper()
	if _, err := s.issuers.Authenticate(t.Context(), token); err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("the token is refused with %v, want %q", err, why)
	}
}

func TestARunOfHCPTerraformIsSignedIn(t *testing.T) {
	t.Parallel()
	s := newSignIn(t, issuertest.New(t))
	subject := s.URL + "#organization:acme:project:Platform:workspace:portal-payments:run_phase:"
	for phase, want := range map[string]auth.Principal{
		"plan":  {Subject: subject + "plan", Role: orbit.RoleReader},
		"apply": {Subject: subject + "apply", Role: orbit.RoleWorkspaceAdmin, Workspace: "payments"},
	} {
		for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256} {
			got, err := s.issuers.Authenticate(t.Context(), s.SignWith(t, algorithm, s.Run("acme", "portal-payments", phase)))
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s with %s: error %v, principal (-want +got):\n%s", phase, algorithm, err, diff)
			}
		}
	}
	if s.Asked() != 1 {
		t.Errorf("the issuer was asked %d times for its keys, want once", s.Asked())
	}
}

func TestTokensWithAFaultAreNotAccepted(t *testing.T) {
	t.Parallel()
	s := newSignIn(t, issuertest.New(t))
	from := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	for name, c := range map[string]struct {
		changes map[string]any
		why     string
	}{
		"another organization":    {map[string]any{"terraform_organization_name": "globex"}, "rule 1 fails at terraform_organization_name, terraform_run_phase; rule 2 fails at terraform_organization_name"},
		"no organization":         {map[string]any{"terraform_organization_name": nil}, "rule 2 fails at terraform_organization_name"},
		"a workspace of others":   {map[string]any{"terraform_workspace_name": "shop"}, `terraform_workspace_name, which is to name the workspace, does not begin with "portal-"`},
		"no name for a workspace": {map[string]any{"terraform_workspace_name": "portal-A_b"}, "terraform_workspace_name names no workspace"},
		"another audience":        {map[string]any{"aud": []string{"aws", "vault"}}, "its audience"},
		"no audience":             {map[string]any{"aud": nil}, "its audience"},
		"expired":                 {map[string]any{"exp": from(-2 * time.Minute)}, "it has expired"},
		"without an end":          {map[string]any{"exp": nil}, "it never expires"},
		"not valid yet":           {map[string]any{"nbf": from(2 * time.Minute)}, "it is not valid yet"},
		"issued in the future":    {map[string]any{"iat": from(2 * time.Minute)}, "it is not valid yet"},
		"without a subject":       {map[string]any{"sub": nil}, "no subject"},
		"an end that is no time":  {map[string]any{"exp": "tomorrow"}, "claims cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.issuers.Authenticate(t.Context(), s.Sign(t, s.apply(c.changes)))
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Fatalf("it is refused with %v, want %q", err, c.why)
			}
			for _, value := range []string{"globex", "shop", "A_b", "vault"} {
				if strings.Contains(err.Error(), value) {
					t.Errorf("the error shows what a claim says: %v", err)
				}
			}
		})
	}
	t.Run("clocks may differ by a minute", func(t *testing.T) {
		t.Parallel()
		s.accepts(t, s.Sign(t, s.apply(map[string]any{"exp": from(-50 * time.Second)})))
		s.accepts(t, s.Sign(t, s.apply(map[string]any{"nbf": from(50 * time.Second), "iat": from(50 * time.Second)})))
		s.accepts(t, s.Sign(t, s.apply(map[string]any{"aud": []string{"aws", "orbit"}})))
	})
}

func TestForgedTokensAreNotAccepted(t *testing.T) {
	t.Parallel()
	s := newSignIn(t, issuertest.New(t))
	claims := s.apply(nil)
	s.accepts(t, s.Sign(t, claims))
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(s.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	head, payload, _ := strings.Cut(s.Sign(t, claims), ".")
	payload, signature, _ := strings.Cut(payload, ".")
	part := func(value any) string {
		content, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(content)
	}
	for _, c := range []struct{ name, token, why string }{
		{"another key under the issuer's key id", issuertest.Sign(t, jose.ES256, own, s.KeyID(jose.ES256), claims), "its signature is wrong"},
		{"a key that the issuer does not have", issuertest.Sign(t, jose.ES256, own, "mine", claims), "does not publish"},
		{"another key without a key id", issuertest.Sign(t, jose.ES256, own, "", claims), "does not publish"},
		{"other claims under the issuer's signature", head + "." + part(s.apply(map[string]any{"terraform_run_phase": "plan"})) + "." + signature, "its signature is wrong"},
		{"no signature", part(map[string]string{"alg": "none", "typ": "JWT"}) + "." + payload + ".", "not signed with one of the algorithms"},
		{"HS256 with the public key as the secret", issuertest.Sign(t, jose.HS256, public, s.KeyID(jose.RS256), claims), "not signed with one of the algorithms"},
		{"a huge token", s.Sign(t, s.apply(map[string]any{"x": strings.Repeat("x", 16<<10)})), "more than 16384 are not read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s.refuses(t, c.token, c.why)
		})
	}
}

func TestTokensOfNobodyThatIsConfiguredAreUnknown(t *testing.T) {
	t.Parallel()
	s := newSignIn(t, issuertest.New(t))
	other := issuertest.New(t)
	for _, token := range []string{
		"", ".", "..", "...", "orbit_abcdefghijklmnopqrstuvwxyz", "a.b.c", "e30.e30.e30", "e30.bnVsbA.", "\x00.\xff.\n",
		other.Sign(t, other.Run("acme", "portal-payments", "apply")),
		s.Sign(t, s.apply(map[string]any{"iss": s.URL + "/"})),
	} {
		if _, err := s.issuers.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnknownToken) {
			t.Errorf("%.40q: %v, want that the token is unknown", token, err)
		}
	}
	if s.Asked()+other.Asked() != 0 {
		t.Error("somebody was asked for keys")
	}
}

func TestManyBadTokensDoNotReachTheIssuer(t *testing.T) {
	t.Parallel()
	s := newSignIn(t, issuertest.New(t))
	good := s.Sign(t, s.apply(nil))
	s.accepts(t, good)
	head, rest, _ := strings.Cut(good, ".")
	payload, _, _ := strings.Cut(rest, ".")
	const tokens = 5000
	bad := func(n int) string {
		signature := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%0256d", n))
		if n%2 == 0 { // an unknown key each
			return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"RS256","kid":"%d"}`, n)) + "." + payload + "." + signature
		}
		return head + "." + payload + "." + signature
	}
	memory := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, begin := memory(), time.Now()
	for n := range tokens {
		if _, err := s.issuers.Authenticate(t.Context(), bad(n)); err == nil {
			t.Fatal("a bad token is accepted")
		}
	}
	t.Logf("figure: a bad token: %s, %d bytes kept", (time.Since(begin) / tokens).Round(time.Microsecond), (int64(memory())-int64(before))/tokens)
	if most := 2 + int(time.Since(begin)/(10*time.Second)); s.Asked() > most {
		t.Errorf("the issuer was asked %d times for its keys, want %d at most", s.Asked(), most)
	}
	s.accepts(t, good)
}

func TestThoseWhoComeTogetherAskTheIssuerOnce(t *testing.T) {
	t.Parallel()
	s := newSignIn(t, issuertest.New(t))
	token := s.Sign(t, s.apply(nil))
	var together sync.WaitGroup
	for range 50 {
		together.Go(func() { s.accepts(t, token) })
	}
	together.Wait()
	if s.Asked() != 1 {
		t.Errorf("the issuer was asked %d times, want once", s.Asked())
	}
}

func TestAChangedSignInFileIsTakenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSignIn(t, issuertest.Unserved(t))
		token := s.Sign(t, s.apply(map[string]any{"aud": "vault"})) // refused before the issuer is asked
		s.refuses(t, token, "its audience")
		s.write(t, "issuers: []")
		time.Sleep(time.Second)
		s.refuses(t, token, "its audience")
		if !strings.Contains(s.log.String(), "names no issuer") {
			t.Errorf("the log does not say why the file is not taken up:\n%s", s.log.String())
		}
		s.write(t, fmt.Sprintf(rules, "https://other.invalid"))
		time.Sleep(time.Second)
		s.refuses(t, token, auth.ErrUnknownToken.Error())
	})
}

func TestASignInFileThatOthersMayWriteToIsRefused(t *testing.T) {
	t.Parallel()
	s := newSignIn(t, issuertest.Unserved(t))
	if err := os.Chmod(s.file, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.Load(s.file, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "chmod 0644") {
		t.Errorf("the file is read: %v", err)
	}
}

func TestAnIssuerBehindItsOwnCA(t *testing.T) {
	t.Parallel()
	i := issuertest.New(t)
	server := httptest.NewUnstartedServer(i)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // one client does not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	i.URL = server.URL
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		extra string
		fails bool
	}{
		"discovery":               {extra: "ca_file: " + ca},
		"a key set":               {extra: fmt.Sprintf("{ca_file: %s, jwks_url: %s/jwks}", ca, i.URL)},
		"a CA that nobody trusts": {extra: "jwks_url: " + i.URL + "/jwks", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "sign-in.json")
			extra := strings.Trim(c.extra, "{}")
			text := fmt.Sprintf(`{issuers: [{issuer: %s, audiences: [orbit], %s, rules: [{claims: {sub: "*"}, role: admin}]}]}`, i.URL, extra)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			issuers, err := issuer.Load(file, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			principal, err := issuers.Authenticate(t.Context(), i.Sign(t, i.Run("acme", "x", "apply")))
			if c.fails != errors.Is(err, auth.ErrUnavailable) || !c.fails && principal.Role != orbit.RoleAdmin {
				t.Errorf("principal %+v, error %v", principal, err)
			}
		})
	}
}

package operator_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth/issuer/issuertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// toSignIn says that the answer leads to the form.
func toSignIn(t *testing.T, what string, p answered) {
	t.Helper()
	if to := p.header.Get("Location"); p.status != http.StatusSeeOther || !strings.HasPrefix(to, "/ui/sign-in?next=") {
		t.Errorf("%s answers %d to %q, want the way to the form", what, p.status, to)
	}
}

func TestASessionIsACookieThatNobodyElseGets(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	token := newToken(t, c, "", orbit.RoleReader)
	p := open(t, s).signIn("  " + token.Secret + "\n")
	if p.status != http.StatusSeeOther || p.header.Get("Location") != "/ui/" {
		t.Fatalf("signing in answers %d to %q", p.status, p.header.Get("Location"))
	}
	cookie, err := http.ParseSetCookie(p.header.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/ui/" || cookie.MaxAge != 8*60*60 || cookie.Domain != "" {
		t.Errorf("the cookie is %s", strings.Replace(cookie.String(), cookie.Value, "…", 1))
	}
	if strings.Contains(cookie.Value, token.Secret) {
		t.Error("the cookie has the token in it, for all to read")
	}
}

func TestWhoeverIsNotSignedInSeesNothing(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	for _, path := range []string{"/ui/", "/ui/events", "/ui/workspaces/acme", "/ui/workspaces/acme/log", "/ui/workspaces/acme/rollouts/x", "/ui/nothing"} {
		toSignIn(t, path, open(t, s).get(path))
	}
	stream := open(t, s).request(http.MethodGet, "/ui/events/stream", "")
	stream.Header.Set("Accept", "text/event-stream")
	if p := open(t, s).do(stream); p.status != http.StatusUnauthorized {
		t.Errorf("a stream answers %d, want 401", p.status)
	}
	bearer := open(t, s).request(http.MethodGet, "/ui/", "")
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	bearer.Header.Set("Authorization", "Bearer "+token)
	toSignIn(t, "a bearer token, which is the API's", open(t, s).do(bearer))
}

func TestATokenThatIsNoneDoesNotSignIn(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	var texts []string
	for _, token := range []string{"", "orbit_wrong", "x y", "\x00", strings.Repeat("x", 20_000), "ey.J.x"} {
		b := open(t, s)
		p := b.signIn(token)
		if p.status != http.StatusUnauthorized || b.cookie() != "" {
			t.Errorf("signing in with %.20q answers %d", token, p.status)
		}
		texts = append(texts, p.text)
	}
	for _, text := range texts[1:] {
		if text != texts[0] {
			t.Error("the answers to two wrong tokens differ")
		}
	}
}

func TestARevokedTokenEndsItsSessionAtOnce(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	token := newToken(t, c, "", orbit.RoleReader)
	b := signedIn(t, s, token.Secret)
	b.page("/ui/")
	if err := c.RevokeToken(t.Context(), "", token.ID); err != nil {
		t.Fatal(err)
	}
	toSignIn(t, "a revoked token's session", b.get("/ui/"))
	if p := open(t, s).signIn(token.Secret); p.status != http.StatusUnauthorized {
		t.Errorf("signing in again answers %d", p.status)
	}
}

func TestACookieThatWasAlteredIsNone(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	whole := asRoot(t, s).cookie()
	keyID, sealed, _ := strings.Cut(whole, ".")
	for name, value := range map[string]string{
		"shorter":     whole[:len(whole)-4],
		"another key": "0000000000000000." + sealed,
		"no key":      sealed,
		"nothing":     keyID + ".",
		"flipped":     keyID + "." + flip(sealed),
		"garbage":     "x",
	} {
		b := open(t, s)
		r := b.request(http.MethodGet, "/ui/", "")
		r.AddCookie(&http.Cookie{Name: "orbit_session", Value: value})
		toSignIn(t, name, b.do(r))
	}
}

// flip changes a character in the middle.
func flip(text string) string {
	changed := []byte(text)
	i := len(changed) / 2
	changed[i] = map[bool]byte{true: 'B', false: 'A'}[changed[i] == 'A']
	return string(changed)
}

func TestSigningOutForgetsTheSession(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	b := asRoot(t, s)
	if p := b.do(b.request(http.MethodPost, "/ui/sign-out", "")); p.status != http.StatusSeeOther || b.cookie() != "" {
		t.Errorf("signing out answers %d and leaves the cookie %.8q", p.status, b.cookie())
	}
	toSignIn(t, "afterwards the page", b.get("/ui/"))
}

func TestNobodyIsSignedInFromElsewhere(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]http.Header{
		"another site":       {"Sec-Fetch-Site": {"cross-site"}},
		"a workspace's host": {"Sec-Fetch-Site": {"same-site"}},
		"another origin":     {"Origin": {"https://evil.example"}},
		"no origin":          {"Origin": {"null"}},
	} {
		for _, path := range []string{"/ui/sign-in", "/ui/sign-out"} {
			b := open(t, s)
			r := b.request(http.MethodPost, path, url.Values{"token": {token}}.Encode())
			for key, value := range header {
				r.Header[key] = value
			}
			if p := b.do(r); p.status != http.StatusForbidden || p.header.Get("Set-Cookie") != "" {
				t.Errorf("%s from %s answers %d", path, name, p.status)
			}
		}
	}
	own := open(t, s)
	r := own.request(http.MethodPost, "/ui/sign-in", url.Values{"token": {token}}.Encode())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if p := own.do(r); p.status != http.StatusSeeOther {
		t.Errorf("from the page itself it answers %d", p.status)
	}
}

func TestAfterSigningInThePageGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	for next, want := range map[string]string{
		"/ui/workspaces/acme?x=1": "/ui/workspaces/acme?x=1",
		"":                        "/ui/",
		"https://evil.example/":   "/ui/",
		"//evil.example/ui/":      "/ui/",
		`/ui/\evil.example`:       "/ui/",
		"/v1/instances":           "/ui/",
		"javascript:alert(1)":     "/ui/",
	} {
		b := open(t, s)
		p := b.do(b.request(http.MethodPost, "/ui/sign-in", url.Values{"token": {token}, "next": {next}}.Encode()))
		if got := p.header.Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
}

func TestAnIdentityOfASignInFileSignsIn(t *testing.T) {
	t.Parallel()
	i := issuertest.New(t)
	file := filepath.Join(t.TempDir(), "sign-in.yaml")
	content := "issuers:\n  - issuer: " + i.URL + "\n    audiences: [orbit]\n    rules:\n" +
		"      - {claims: {terraform_organization_name: acme}, role: reader, workspace_from: terraform_workspace_name}\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s, c := ownServer(t, managertest.Options{SignInFile: file})
	declare(t, c, "portal", "")
	declare(t, c, "hidden", "")
	p := signedIn(t, s, i.Sign(t, i.Run("acme", "portal", "plan"))).page("/ui/")
	if text := p.reads(t); !strings.Contains(text, "portal") || strings.Contains(text, "hidden") {
		t.Errorf("the list reads %q", text)
	}
}

// locked is a buffer that a logger and a test share.
type locked struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestTheLogTellsWhoSignsInAndNoToken(t *testing.T) {
	t.Parallel()
	var log locked
	s, c := ownServer(t, managertest.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	token := newToken(t, c, "", orbit.RoleReader)
	b := signedIn(t, s, token.Secret)
	b.page("/ui/")
	open(t, s).signIn("orbit_mistyped")
	text := log.String()
	for _, want := range []string{"signed in to the operator's page", "subject=token:" + token.ID, "not signed in to the operator's page", "address=127.0.0.1", "/ui/"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	for _, secret := range []string{token.Secret, "orbit_mistyped", b.cookie()} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %.14s… in it", secret)
		}
	}
}

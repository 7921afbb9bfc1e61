package manager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
)

// browser is a person's, as far as signing in needs one: it keeps cookies and finds *.localhost.
type browser struct {
	*http.Client
	base string
}

func newBrowser(t *testing.T, gateway string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "acme.localhost:") {
			address = gateway
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	_, port, err := net.SplitHostPort(gateway)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{
		Client: &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base:   "http://acme.localhost:" + port,
	}
}

// get asks for an address and returns where it leads on to, "" for nowhere.
func (b *browser) get(t *testing.T, address string) (status int, leadsTo string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("Location")
}

// begin begins to sign in, and returns the provider's address that it is sent to.
func (b *browser) begin(t *testing.T) string {
	t.Helper()
	status, at := b.get(t, b.base+"/api/auth/oidc/start?env=development&flow=redirect&redirectUrl="+b.base+"/catalog")
	if status != http.StatusFound {
		t.Fatalf("signing in begins with %d", status)
	}
	return at
}

// end goes on from the provider's address to where signing in ends.
func (b *browser) end(t *testing.T, address string) string {
	t.Helper()
	for range 5 {
		_, next := b.get(t, address)
		if next == "" || strings.HasPrefix(next, b.base+"/catalog") {
			return next
		}
		address = next
	}
	t.Fatalf("signing in leads on and on, to %s", address)
	return ""
}

// user is who the instance says its visitor is.
func (b *browser) user(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/api/auth/oidc/refresh?env=development", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Requested-With", "XMLHttpRequest")
	answer, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var session struct {
		BackstageIdentity struct {
			Identity struct{ UserEntityRef string }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&session); err != nil {
		t.Fatal(err)
	}
	return session.BackstageIdentity.Identity.UserEntityRef
}

// Whoever signed in stays so across restarts, and whoever was about to when one came still can: the secret of sessions is
// the instance's and not the process's.
func TestARealSessionSurvivesRestarts(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start(t, nil)
	c, provider := p.client(t), newIDP(t)
	declare := func(title, more string) {
		t.Helper()
		p.declare(t, c, "acme", fmt.Sprintf(`
app: {title: %s}
auth:
  %s
  providers:
    oidc:
      development:
        clientId: %s
        clientSecret: ${OIDC_SECRET}
        metadataUrl: %s/.well-known/openid-configuration
        signIn: {resolvers: [{resolver: emailLocalPartMatchingUserEntityName, dangerouslyAllowSignInWithoutUserInCatalog: true}]}
`, title, more, idpClient, provider.URL),
			withSecrets(1, map[string]string{"OIDC_SECRET": idpSecret, "OWN": "a-secret-of-the-users-own"}))
	}
	declare("First", "")
	b := newBrowser(t, p.gateway)
	begun := b.begin(t)
	declare("Second", "")
	if at := b.end(t, begun); at != b.base+"/catalog" {
		t.Fatalf("signing in across a restart ends at %q", at)
	}
	const jane = "user:default/jane"
	if got := b.user(t); got != jane {
		t.Fatalf("the visitor is %q, want %s", got, jane)
	}
	declare("Third", "")
	if got := b.user(t); got != jane {
		t.Errorf("after a restart the visitor is %q, want %s", got, jane)
	}

	// With another secret it does not: that is what the test above shows.
	begun = b.begin(t)
	declare("Fourth", "session: {secret: '${OWN}'}")
	if at := b.end(t, begun); !strings.Contains(at, "error=") {
		t.Errorf("signing in across a change of the secret ends at %q, want an error", at)
	}
}

package operator_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/operator"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// empty is an orbitd without workspaces, and without a past.
type empty struct {
	operator.Reader
	operator.History
}

func (empty) Instances(context.Context, orbit.InstanceQuery) (orbit.Page[orbit.Instance], error) {
	return orbit.Page[orbit.Instance]{}, nil
}

func (empty) Recent(context.Context, []string) (map[string]store.Recent, error) {
	return map[string]store.Recent{}, nil
}

func (empty) NewestEvents(context.Context, string, int) ([]orbit.Event, error) { return nil, nil }

func (empty) AllEvents(context.Context, int64, int) ([]orbit.Event, error) { return nil, nil }

// bare returns the page of an orbitd without workspaces.
func bare(t *testing.T, o operator.Options) http.Handler {
	t.Helper()
	keyring, err := secret.NewKeyring(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	o.Reader, o.History, o.Vault, o.Auth = empty{}, empty{}, vault.New(keyring, nil), auth.NewRoot("orbit_root")
	o.Happened = func() <-chan struct{} { return nil }
	o.Ending, o.Logger, o.API = t.Context(), slog.New(slog.DiscardHandler), http.NotFoundHandler()
	return operator.New(o)
}

// enter signs in and returns the session's cookie.
func enter(t *testing.T, page http.Handler) *http.Cookie {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/ui/sign-in", strings.NewReader("token=orbit_root"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	page.ServeHTTP(answer, r)
	cookie, err := http.ParseSetCookie(answer.Header().Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	return cookie
}

func TestASessionEndsAfterEightHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		page := bare(t, operator.Options{})
		cookie := enter(t, page)
		show := func() int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ui/", http.NoBody)
			r.AddCookie(cookie) // also one that the browser should have forgotten
			answer := httptest.NewRecorder()
			page.ServeHTTP(answer, r)
			return answer.Code
		}
		time.Sleep(8*time.Hour - time.Second)
		if status := show(); status != http.StatusOK {
			t.Errorf("a second before the end the page answers %d", status)
		}
		time.Sleep(time.Second)
		if status := show(); status != http.StatusSeeOther {
			t.Errorf("at the end the page answers %d, want the way to the form", status)
		}
	})
}

func TestWithTLSTheCookieTravelsOverTLSAlone(t *testing.T) {
	t.Parallel()
	for _, tls := range []bool{false, true} {
		if cookie := enter(t, bare(t, operator.Options{TLS: tls})); cookie.Secure != tls {
			t.Errorf("with TLS %v Secure is %v", tls, cookie.Secure)
		}
	}
}

func TestWithoutWorkspacesThePageSaysHowToDeclareOne(t *testing.T) {
	t.Parallel()
	page := bare(t, operator.Options{})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ui/", http.NoBody)
	r.AddCookie(enter(t, page))
	answer := httptest.NewRecorder()
	page.ServeHTTP(answer, r)
	if text := answer.Body.String(); answer.Code != http.StatusOK || !strings.Contains(text, "orbit_backstage_instance") {
		t.Errorf("it answers %d %s", answer.Code, text)
	}
}

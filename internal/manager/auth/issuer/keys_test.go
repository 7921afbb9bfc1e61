package issuer

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth/issuer/issuertest"
)

// asked is a key set whose issuer is asked within this process.
type asked struct {
	*issuertest.Issuer
	keys *keySet
	log  bytes.Buffer
}

func newAsked(t *testing.T) *asked {
	t.Helper()
	a := &asked{Issuer: issuertest.Unserved(t)}
	a.keys = newKeySet(a.URL, func(context.Context) ([]jose.JSONWebKey, error) {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/jwks", http.NoBody))
		if w.Code != http.StatusOK {
			return nil, errors.New(w.Body.String())
		}
		return publicKeys(w.Body.Bytes())
	}, slog.New(slog.NewTextHandler(&a.log, nil)))
	return a
}

func (a *asked) token(t *testing.T) *jwt.JSONWebToken {
	t.Helper()
	token, err := jwt.ParseSigned(a.Sign(t, a.Run("acme", "portal", "apply")), algorithms)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (a *asked) expect(t *testing.T, token *jwt.JSONWebToken, want error) {
	t.Helper()
	var all claims
	if err := a.keys.verify(t.Context(), token, &all); !errors.Is(err, want) || want == nil && all["sub"] == nil {
		t.Errorf("the token is verified with %v and has the claims %v, want %v", err, all, want)
	}
}

func TestRotatedKeysAreFetched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t)
		before := a.token(t)
		a.expect(t, before, nil)
		a.Rotate(t)
		after := a.token(t)
		a.expect(t, after, errUnknownKey) // the issuer was asked just now
		time.Sleep(askEvery)
		a.expect(t, after, nil)
		a.expect(t, before, errUnknownKey)
	})
}

func TestAKeyThatWasWithdrawnIsBelievedForAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t)
		token := a.token(t)
		a.expect(t, token, nil)
		a.Rotate(t)
		time.Sleep(keysFresh - time.Second)
		a.expect(t, token, nil)
		time.Sleep(time.Second)
		a.expect(t, token, errUnknownKey)
	})
}

func TestAnIssuerThatIsDownIsNotTheTokensFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t)
		token := a.token(t)
		a.Down(true)
		for range 100 {
			a.expect(t, token, errNoKeys)
		}
		if got := strings.Count(a.log.String(), "cannot be fetched"); got != 1 || a.Asked() != 1 {
			t.Errorf("the issuer was asked %d times, and the log says %d times that it does not answer, want once:\n%s", a.Asked(), got, a.log.String())
		}
		a.Down(false)
		a.expect(t, token, errNoKeys)
		time.Sleep(askEvery)
		a.expect(t, token, nil)

		a.Down(true)
		a.Rotate(t)
		time.Sleep(keysKept - time.Second)
		a.expect(t, token, nil) // with the keys of before
		a.expect(t, a.token(t), errNoKeys)
		time.Sleep(time.Second)
		a.expect(t, token, errNoKeys)
	})
}

// A client that goes away leaves the asking to those who wait with it.
func TestWhoWaitsForKeysMayGoAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t)
		token := a.token(t)
		fetch := a.keys.fetch
		a.keys.fetch = func(ctx context.Context) ([]jose.JSONWebKey, error) {
			time.Sleep(askTimeout - time.Second)
			return fetch(ctx)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- a.keys.verify(ctx, token, &claims{}) }()
		synctest.Wait()
		go func() { second <- a.keys.verify(ctx, token, &claims{}) }()
		if err := <-second; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who waited gets %v, want its own deadline", err)
		}
		if err := <-first; err != nil {
			t.Errorf("who asked gets %v", err)
		}
		if a.expect(t, token, nil); a.Asked() != 1 {
			t.Errorf("the issuer was asked %d times, want once", a.Asked())
		}
	})
}

func TestKeysThatSignNothingAreLeftOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  string
		want int
	}{
		"a secret, a key for encryption and an unknown one": {`{"keys": [
			{"kty": "oct", "k": "c2VjcmV0", "kid": "a"},
			{"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc", "kid": "b"},
			{"kty": "??", "kid": "c"},
			{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "d"}]}`, 1},
		"none":    {`{"keys": []}`, 0},
		"no set":  {`[]`, 0},
		"no JSON": {`<html>`, 0},
	} {
		keys, err := publicKeys([]byte(c.set))
		if len(keys) != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%s: %d keys, %v, want %d", name, len(keys), err, c.want)
		}
	}
}

package access

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func fresh(t testing.TB) *Access {
	t.Helper()
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	a, err := newAccess(key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// lend makes a token of the workspace that lasts so long.
func (a *Access) lend(workspace, id, token string, lifetime time.Duration) {
	now := time.Now()
	a.admit(&lease{id: id, workspace: workspace, hash: sha256.Sum256([]byte(token)), created: now, end: now.Add(lifetime)})
}

// claims verifies a bearer token with what the workspace's instance is given.
func claims(t *testing.T, a *Access, workspace, bearer string) (jwt.Claims, error) {
	t.Helper()
	entry, err := a.Trusted(workspace)
	if err != nil {
		t.Fatal(err)
	}
	var trusted struct {
		Type    string
		Options struct {
			Issuer, Audience string
			Keys             []jose.JSONWebKey
		}
	}
	if err := json.Unmarshal(entry, &trusted); err != nil || trusted.Type != HandlerType || strings.Contains(string(entry), `"d"`) {
		t.Fatalf("the entry is %s, %v", entry, err)
	}
	var c jwt.Claims
	token, err := jwt.ParseSigned(bearer, []jose.SignatureAlgorithm{jose.ES256})
	if err == nil {
		err = token.Claims(jose.JSONWebKeySet{Keys: trusted.Options.Keys}, &c)
	}
	if err == nil {
		err = c.ValidateWithLeeway(jwt.Expected{
			Issuer: trusted.Options.Issuer, AnyAudience: jwt.Audience{trusted.Options.Audience}, Time: time.Now(),
		}, 0)
	}
	return c, err
}

func TestAnAccessTokenStandsForOneThatLivesForMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := fresh(t)
		a.lend("acme", "1", "token", 24*time.Hour)
		seen := map[string]bool{}
		for range 60 {
			bearer, good := a.Exchange("acme", "token")
			c, err := claims(t, a, "acme", bearer)
			if !good || err != nil || c.Subject != "access-token-1" {
				t.Fatalf("the instance does not take it: %+v, %v", c, err)
			}
			if left := time.Until(c.Expiry.Time()); left < signedMargin-time.Second || left > signedLifetime {
				t.Errorf("it lives for %s more", left)
			}
			seen[bearer] = true
			time.Sleep(time.Minute)
		}
		if len(seen) > 30 {
			t.Errorf("%d were signed in an hour", len(seen))
		}
	})
}

func TestWhatIsSignedForOneWorkspaceIsNotForAnother(t *testing.T) {
	t.Parallel()
	a := fresh(t)
	own, err := a.Sign("acme")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := claims(t, a, "acme", own); err != nil || c.Subject != "orbitd" {
		t.Errorf("orbitd is %q, %v", c.Subject, err)
	}
	if _, err := claims(t, a, "globex", own); err == nil {
		t.Error("globex takes what is for acme")
	}
	if _, err := claims(t, fresh(t), "acme", own); err == nil {
		t.Error("the instance of another orbitd takes it")
	}
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := fresh(t)
		a.lend("acme", "1", "short", time.Minute)
		a.lend("acme", "2", "long", time.Hour)
		a.lend("globex", "3", "theirs", time.Hour)
		good := func(workspace, token string) bool {
			_, good := a.Exchange(workspace, token)
			return good
		}
		if !good("acme", "short") || good("globex", "short") || good("acme", "theirs") || good("acme", "") {
			t.Error("a token opens another workspace, or not its own")
		}
		time.Sleep(time.Minute)
		if good("acme", "short") || !good("acme", "long") {
			t.Error("a token lasts longer than it is said to, or not as long")
		}
		a.lend("acme", "4", "next", time.Hour)
		if len(a.byID) != 3 || len(a.byHash) != 3 {
			t.Errorf("%d tokens are kept, want those that have not ended", len(a.byID))
		}
		a.drop("globex", "2")
		if !good("acme", "long") {
			t.Error("another workspace revoked it")
		}
		a.drop("acme", "2")
		a.Forget("globex")
		if good("acme", "long") || good("globex", "theirs") || !good("acme", "next") {
			t.Error("a token outlives its end, or ends with another")
		}
	})
}

func TestNoRenewalGoesBeyondADay(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		after   time.Duration
		seconds int64
		want    time.Duration
	}{
		{0, 0, orbit.DefaultAccessTokenLifetime},
		{0, 60, time.Minute},
		{10 * time.Minute, 3600, 70 * time.Minute},
		{23*time.Hour + 30*time.Minute, 3600, orbit.MaxAccessTokenAge},
		{24 * time.Hour, 60, orbit.MaxAccessTokenAge},
	} {
		got := endOf(created, created.Add(test.after), orbit.AccessTokenWrite{LifetimeSeconds: test.seconds}).Sub(created)
		if got != test.want {
			t.Errorf("%d seconds after %s end after %s, want %s", test.seconds, test.after, got, test.want)
		}
	}
}

func TestAKeyThatIsNoneIsNotQuoted(t *testing.T) {
	t.Parallel()
	if _, err := newSigner([]byte("hunter2")); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("it is %v", err)
	}
}

func BenchmarkExchange(b *testing.B) {
	a := fresh(b)
	for i := range 10_000 {
		a.lend("acme", string(rune(i)), "token"+string(rune(i)), time.Hour)
	}
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a.Exchange("acme", "token"+string(rune(500)))
		}
	})
	b.Run("signed anew", func(b *testing.B) {
		for b.Loop() {
			a.byHash[sha256.Sum256([]byte("tokenA"))].signed = signed{}
			a.Exchange("acme", "tokenA")
		}
	})
}

package apitoken_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/apitoken"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// memory is a store of tokens without keys for retries; orbitd's tests have PostgreSQL.
type memory struct {
	mu     sync.Mutex
	rows   map[string]store.Token
	reads  int
	read   func() // called after a token was read, before it is returned; nil does nothing
	used   []map[string]time.Time
	broken error
}

func (m *memory) PutToken(_ context.Context, t store.Token, _, _ string) (store.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[t.ID] = t
	return t, m.broken
}

func (m *memory) Token(_ context.Context, workspace, id string) (store.Token, error) {
	m.mu.Lock()
	row, found := m.rows[id]
	m.reads++
	broken, read := m.broken, m.read
	m.mu.Unlock()
	if read != nil {
		read()
	}
	if broken == nil && (!found || workspace != "" && row.Workspace != workspace) {
		return row, store.ErrNotFound
	}
	return row, broken
}

func (m *memory) Tokens(context.Context, string, string, int) ([]store.Token, error) {
	return nil, m.broken
}

func (m *memory) SetToken(_ context.Context, id string, patch orbit.TokenPatch) (store.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row := m.rows[id]
	row.Role = *patch.Role
	m.rows[id] = row
	return row, nil
}

func (m *memory) DeleteToken(_ context.Context, _, id string) (store.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, found := m.rows[id]
	if !found {
		return row, store.ErrNotFound
	}
	delete(m.rows, id)
	return row, nil
}

func (m *memory) SetTokensUsed(_ context.Context, used map[string]time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	m.used = append(m.used, used)
	return nil
}

func (m *memory) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func tokens() (*apitoken.Tokens, *memory) {
	m := &memory{rows: map[string]store.Token{}}
	return apitoken.New(m), m
}

// made has an admin make a token of acme.
func made(t *testing.T, tokens *apitoken.Tokens, w orbit.TokenWrite) orbit.Token {
	t.Helper()
	token, err := tokens.Create(asAdmin(t), "acme", w, "")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func asAdmin(t *testing.T) context.Context {
	t.Helper()
	return auth.NewContext(t.Context(), auth.Principal{Subject: auth.RootSubject, Role: orbit.RoleAdmin})
}

var reader = orbit.TokenWrite{Role: orbit.RoleReader} //nolint:gochecknoglobals // a constant

func TestATokenIsKnownByItsWholeText(t *testing.T) {
	t.Parallel()
	tokens, m := tokens()
	token := made(t, tokens, reader)
	p, err := tokens.Authenticate(t.Context(), token.Secret)
	want := auth.Principal{Subject: "token:" + token.ID, Role: orbit.RoleReader, Workspace: "acme"}
	if err != nil || p != want {
		t.Errorf("it is of %+v with error %v, want %+v", p, err, want)
	}
	if strings.Contains(string(m.rows[token.ID].Digest), token.Secret[len(token.Secret)-43:]) || m.rows[token.ID].Secret != "" {
		t.Error("the store has the secret")
	}
	other := made(t, tokens, reader)
	for what, wrong := range map[string]string{
		"the id alone":              "orbit_" + token.ID,
		"no secret":                 "orbit_" + token.ID + "_",
		"another secret":            "orbit_" + token.ID + other.Secret[len("orbit_")+len(other.ID):],
		"one letter more":           token.Secret + "x",
		"one letter less":           token.Secret[:len(token.Secret)-1],
		"without its beginning":     strings.TrimPrefix(token.Secret, "orbit_"),
		"an id that nobody has":     "orbit_01a2052c-8088-7446-835b-92b86c5bc14a_" + strings.Repeat("x", 43),
		"an id that cannot be":      "orbit_%00_" + strings.Repeat("x", 43),
		"nothing":                   "",
		"what the file's token has": "orbit_" + auth.NewSecret(),
	} {
		if _, err := tokens.Authenticate(t.Context(), wrong); !errors.Is(err, auth.ErrUnknownToken) {
			t.Errorf("%s: %v, want that the token is unknown", what, err)
		}
	}
}

func TestATokenInUseAsksNoDatabase(t *testing.T) {
	t.Parallel()
	tokens, m := tokens()
	token := made(t, tokens, reader)
	for range 100 {
		if _, err := tokens.Authenticate(t.Context(), token.Secret); err != nil {
			t.Fatal(err)
		}
	}
	if m.reads != 1 {
		t.Errorf("the store was read %d times, want once", m.reads)
	}
	m.set(func() { m.broken = errors.New("away") })
	if _, err := tokens.Authenticate(t.Context(), token.Secret); err != nil {
		t.Errorf("while the database is away a token in use is not accepted: %v", err)
	}
}

func TestADatabaseThatIsAwayMakesNoTokenUnknown(t *testing.T) {
	t.Parallel()
	tokens, m := tokens()
	token := made(t, tokens, reader)
	m.set(func() { m.broken = errors.New("away") })
	if _, err := tokens.Authenticate(t.Context(), token.Secret); !errors.Is(err, auth.ErrUnavailable) || errors.Is(err, auth.ErrUnknownToken) {
		t.Errorf("the error is %v, want that it cannot be told now", err)
	}
}

func TestRevocationTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	tokens, _ := tokens()
	token := made(t, tokens, reader)
	if _, err := tokens.Authenticate(t.Context(), token.Secret); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Revoke(t.Context(), "acme", token.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Authenticate(t.Context(), token.Secret); !errors.Is(err, auth.ErrUnknownToken) {
		t.Errorf("after its revocation: %v, want unknown", err)
	}
	if _, err := tokens.Revoke(t.Context(), "acme", token.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the second revocation: %v, want not found", err)
	}
}

// A request may read the token just before it is revoked, and come to keep it in mind only afterwards.
func TestATokenThatIsRevokedWhileItIsLookedForIsNotKeptInMind(t *testing.T) {
	t.Parallel()
	tokens, m := tokens()
	token := made(t, tokens, reader)
	revoke := sync.OnceFunc(func() {
		if _, err := tokens.Revoke(t.Context(), "acme", token.ID); err != nil {
			t.Error(err)
		}
	})
	m.set(func() { m.read = revoke })
	_, _ = tokens.Authenticate(t.Context(), token.Secret) // it was there when it was read
	if _, err := tokens.Authenticate(t.Context(), token.Secret); !errors.Is(err, auth.ErrUnknownToken) {
		t.Errorf("after its revocation: %v, want unknown", err)
	}
}

func TestAnotherRoleTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	tokens, _ := tokens()
	token := made(t, tokens, orbit.TokenWrite{Role: orbit.RoleWorkspaceAdmin})
	if _, err := tokens.Authenticate(t.Context(), token.Secret); err != nil {
		t.Fatal(err)
	}
	lower := orbit.RoleReader
	if _, err := tokens.Patch(asAdmin(t), "acme", token.ID, orbit.TokenPatch{Role: &lower}); err != nil {
		t.Fatal(err)
	}
	if p, err := tokens.Authenticate(t.Context(), token.Secret); err != nil || p.Role != orbit.RoleReader {
		t.Errorf("its next use is by a %s (%v), want a reader", p.Role, err)
	}
}

func TestAnExpiredTokenSaysSoToWhoeverHasIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tokens, _ := tokens()
		token := made(t, tokens, orbit.TokenWrite{Role: orbit.RoleReader, LifetimeSeconds: 60})
		time.Sleep(59 * time.Second)
		if _, err := tokens.Authenticate(t.Context(), token.Secret); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		time.Sleep(time.Second)
		_, err := tokens.Authenticate(t.Context(), token.Secret)
		if err == nil || errors.Is(err, auth.ErrUnknownToken) || !strings.Contains(err.Error(), "expired at 2000-01-01T00:01:00Z") {
			t.Errorf("at its end: %v, want words that say so", err)
		}
		if _, err := tokens.Authenticate(t.Context(), token.Secret[:len(token.Secret)-1]); !errors.Is(err, auth.ErrUnknownToken) {
			t.Errorf("to a stranger: %v, want unknown", err)
		}
	})
}

func TestTheTimeOfUseIsWrittenNowAndThenAndAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tokens, m := tokens()
		token := made(t, tokens, reader)
		ctx, cancel := context.WithCancel(t.Context())
		var failures int
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			tokens.Run(ctx, func(error) { failures++ })
		}()
		for range 300 {
			if _, err := tokens.Authenticate(t.Context(), token.Secret); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		m.set(func() {
			if len(m.used) != 2 {
				t.Errorf("in 5 minutes of use it was written %d times, want twice", len(m.used))
			}
			m.broken = errors.New("away")
		})
		time.Sleep(90 * time.Second)
		m.set(func() { m.broken = nil })
		last := time.Now()
		if _, err := tokens.Authenticate(t.Context(), token.Secret); err != nil {
			t.Fatal(err)
		}
		cancel()
		<-ended
		if failures != 1 || len(m.used) != 3 || !m.used[2][token.ID].Equal(last) {
			t.Errorf("after %d failures %v was written, want the last use at %s", failures, m.used, last)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	tokens, _ := tokens()
	ctx := auth.NewContext(b.Context(), auth.Principal{Subject: auth.RootSubject, Role: orbit.RoleAdmin})
	token, err := tokens.Create(ctx, "acme", reader, "")
	if err != nil {
		b.Fatal(err)
	}
	chain := auth.Chain{auth.NewRoot("orbit_other"), tokens}
	for b.Loop() {
		if _, err := chain.Authenticate(b.Context(), token.Secret); err != nil {
			b.Fatal(err)
		}
	}
}

// Package apitoken gives out bearer tokens of orbitd's API, knows them again and revokes them.
package apitoken

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Store keeps tokens. This orbitd is the only one that writes to it.
type Store interface {
	PutToken(ctx context.Context, t store.Token, idempotencyKey, requestHash string) (store.Token, error)
	Token(ctx context.Context, workspace, id string) (store.Token, error)
	Tokens(ctx context.Context, workspace, after string, limit int) ([]store.Token, error)
	SetToken(ctx context.Context, id string, patch orbit.TokenPatch) (store.Token, error)
	DeleteToken(ctx context.Context, workspace, id string) (store.Token, error)
	SetTokensUsed(ctx context.Context, used map[string]time.Time) error
}

const (
	// maxKnown bounds how many tokens are kept in mind, so that using one asks no database.
	maxKnown = 4096
	// maxLookups bounds how many connections whoever sends tokens that nobody knows can take.
	maxLookups = 2
)

// Tokens are all tokens of the API but the one of the file. All methods may be called concurrently.
type Tokens struct {
	store   Store
	lookups chan struct{} // has a place for each that is under way

	mu        sync.Mutex
	known     map[string]known     // by id
	forgotten uint64               // counts what was taken out of known
	used      map[string]time.Time // when tokens were used, as far as that is not written yet
}

// known is what is kept in mind of a token.
type known struct {
	principal auth.Principal
	digest    [sha256.Size]byte
	expires   *time.Time
}

// New returns the tokens of the store.
func New(s Store) *Tokens {
	return &Tokens{
		store: s, lookups: make(chan struct{}, maxLookups), known: map[string]known{}, used: map[string]time.Time{},
	}
}

// Subject is how the audit log calls whoever uses the token.
func Subject(id string) string { return "token:" + id }

// write makes a token's text from its id and secret.
func write(id, secret string) string { return orbit.TokenPrefix + id + "_" + secret }

// read takes a token's text apart; ok is false where it is none of ours.
func read(token string) (id string, digest [sha256.Size]byte, ok bool) {
	rest, ours := strings.CutPrefix(token, orbit.TokenPrefix)
	id, secret, whole := strings.Cut(rest, "_")
	if !ours || !whole || uuid.Validate(id) != nil {
		return "", digest, false
	}
	return id, sha256.Sum256([]byte(secret)), true
}

// Authenticate tells whose the token is. That it is one of ours which has expired is told only to whoever has all of it.
func (t *Tokens) Authenticate(ctx context.Context, token string) (auth.Principal, error) {
	id, digest, ours := read(token)
	if !ours {
		return auth.Principal{}, auth.ErrUnknownToken
	}
	k, err := t.find(ctx, id)
	switch now := time.Now(); {
	case errors.Is(err, store.ErrNotFound):
		return auth.Principal{}, auth.ErrUnknownToken
	case err != nil:
		return auth.Principal{}, fmt.Errorf("%w: %w", auth.ErrUnavailable, err)
	case subtle.ConstantTimeCompare(k.digest[:], digest[:]) != 1:
		return auth.Principal{}, auth.ErrUnknownToken
	case k.expires != nil && !now.Before(*k.expires):
		return auth.Principal{}, fmt.Errorf("the token %s expired at %s: have a new one made", id, k.expires.UTC().Format(time.RFC3339))
	default:
		t.use(id, now)
		return k.principal, nil
	}
}

// find returns a token from mind or else from the store, store.ErrNotFound where there is none.
func (t *Tokens) find(ctx context.Context, id string) (known, error) {
	t.mu.Lock()
	k, found := t.known[id]
	forgotten := t.forgotten
	t.mu.Unlock()
	if found {
		return k, nil
	}
	select {
	case t.lookups <- struct{}{}:
		defer func() { <-t.lookups }()
	case <-ctx.Done():
		return known{}, fmt.Errorf("look for a token: %w", ctx.Err())
	}
	row, err := t.store.Token(ctx, "", id)
	if err != nil {
		return known{}, err
	}
	k = known{
		principal: auth.Principal{Subject: Subject(row.ID), Role: row.Role, Workspace: row.Workspace},
		digest:    [sha256.Size]byte(row.Digest), expires: row.ExpiresAt,
	}
	t.keep(id, k, forgotten)
	return k, nil
}

// keep keeps a token in mind, unless one was changed or revoked since forgotten was what it was: this one may be it.
func (t *Tokens) keep(id string, k known, forgotten uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.forgotten != forgotten {
		return
	}
	for other := range t.known {
		if len(t.known) < maxKnown {
			break
		}
		delete(t.known, other) // any: who needs it asks the store again
	}
	t.known[id] = k
}

// forget makes the next use of the token ask the store.
func (t *Tokens) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, id)
	t.forgotten++
}

package access

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
)

const (
	// signedLifetime is how long what orbitd signs is good for. It leaves no machine: the gateway makes it, and an
	// instance sees it.
	signedLifetime = 5 * time.Minute
	// signedMargin is how long before its end it is made anew: a request that takes it may wait on its way.
	signedMargin = 2 * time.Minute
	// signingKey is the vault's name of the key.
	signingKey = "signing-key"
	// orbitd is the subject of orbitd's own requests: Backstage sees external:orbit:orbitd.
	orbitd = "orbitd"
)

// Access signs for instances and keeps the access tokens. All methods may be called concurrently. What the gateway asks
// of it needs no store, so it goes on after the store was closed.
type Access struct {
	store  *store.Store
	signer *signer
	url    func(workspace, baseURL string) string

	mu     sync.Mutex
	byHash map[hash]*lease
	byID   map[string]*lease
	own    map[string]signed // what orbitd itself calls instances with, by workspace
}

// hash is the SHA-256 of an access token.
type hash = [sha256.Size]byte

// lease is an access token that has not been revoked.
type lease struct {
	id, workspace string
	hash          hash
	created, end  time.Time
	signed        signed
}

// signed is a JWT and its end.
type signed struct {
	token string
	end   time.Time
}

// Open reads the signing key, which is made when there is none, and the tokens that have not ended. url gives the address
// at which people open a workspace's instance that has the base URL; "" is none.
func Open(ctx context.Context, s *store.Store, v *vault.Vault, url func(workspace, baseURL string) string) (*Access, error) {
	key, err := v.Own(ctx, signingKey, newKey)
	if err != nil {
		return nil, err
	}
	a, err := newAccess(key)
	if err != nil {
		return nil, err
	}
	a.store, a.url = s, url
	kept, err := s.AccessTokens(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	for _, t := range kept {
		a.admit(&lease{id: t.ID, workspace: t.Workspace, hash: hash(t.Hash), created: t.CreatedAt, end: t.ExpiresAt})
	}
	return a, nil
}

func newAccess(key []byte) (*Access, error) {
	signs, err := newSigner(key)
	if err != nil {
		return nil, err
	}
	return &Access{signer: signs, byHash: map[hash]*lease{}, byID: map[string]*lease{}, own: map[string]signed{}}, nil
}

// Trusted is the entry of backend.auth.externalAccess with which the workspace's instance takes what orbitd signs for it.
func (a *Access) Trusted(workspace string) (json.RawMessage, error) {
	return a.signer.trusted(workspace)
}

// Sign returns the bearer token with which orbitd itself calls the workspace's instance.
func (a *Access) Sign(workspace string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fresh, err := a.renewed(a.own[workspace], workspace, orbitd)
	if err == nil {
		a.own[workspace] = fresh
	}
	return fresh.token, err
}

// Exchange returns the bearer token that an access token stands for at the workspace's instance; good is false for one
// that is unknown, has ended or is another workspace's.
func (a *Access) Exchange(workspace, token string) (bearer string, good bool) {
	sum := sha256.Sum256([]byte(token))
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.byHash[sum]
	if l == nil || l.workspace != workspace || !time.Now().Before(l.end) {
		return "", false
	}
	fresh, err := a.renewed(l.signed, workspace, "access-token-"+l.id)
	if err != nil {
		return "", false // a key that is there signs
	}
	l.signed = fresh
	return fresh.token, true
}

// Forget voids all tokens of the workspace, whose instance is gone.
func (a *Access) Forget(workspace string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.own, workspace)
	for _, l := range a.byID {
		if l.workspace == workspace {
			a.dismiss(l)
		}
	}
}

// renewed is what was signed before or, shortly before that ends, something new. The caller holds mu.
func (a *Access) renewed(before signed, workspace, subject string) (signed, error) {
	now := time.Now()
	if now.Add(signedMargin).Before(before.end) {
		return before, nil
	}
	end := now.Add(signedLifetime)
	token, err := a.signer.sign(workspace, subject, now, end)
	return signed{token, end}, err
}

// admit makes the lease count, and those that have ended count no more.
func (a *Access) admit(l *lease) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for _, old := range a.byID {
		if !now.Before(old.end) {
			a.dismiss(old)
		}
	}
	a.byHash[l.hash], a.byID[l.id] = l, l
}

// drop makes the token void, if it is the workspace's.
func (a *Access) drop(workspace, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := a.byID[id]; l != nil && l.workspace == workspace {
		a.dismiss(l)
	}
}

// dismiss forgets the lease. The caller holds mu.
func (a *Access) dismiss(l *lease) {
	delete(a.byHash, l.hash)
	delete(a.byID, l.id)
}

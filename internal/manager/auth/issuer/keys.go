package issuer

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
)

const (
	// keysFresh is how long an issuer's keys are taken for its newest: so long one that it withdrew may still be believed.
	keysFresh = time.Hour
	// keysKept is how long they are believed while the issuer does not answer.
	keysKept = 24 * time.Hour
	// askEvery is how often an issuer is asked at most, whatever tokens come.
	askEvery = 10 * time.Second
	// askTimeout bounds the asking.
	askTimeout = 5 * time.Second
	// maxKeys is far above what issuers have.
	maxKeys = 100
)

var (
	// errNoKeys is not the token's fault.
	errNoKeys     = fmt.Errorf("%w: the issuer's keys cannot be fetched; try again later, orbitd's log says why", auth.ErrUnavailable)
	errUnknownKey = errors.New("it is signed with a key that the issuer does not publish")
	errSignature  = errors.New("its signature is wrong")
)

// keySet is the keys of one issuer, which are fetched when the first token comes and again now and then.
type keySet struct {
	issuer string
	fetch  func(context.Context) ([]jose.JSONWebKey, error)
	logger *slog.Logger

	turn chan struct{} // has room for the one that fetches

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time // when the keys were
	asked   time.Time // when the issuer was asked last
	failed  bool      // whether it gave no answer then
}

func newKeySet(issuer string, fetch func(context.Context) ([]jose.JSONWebKey, error), logger *slog.Logger) *keySet {
	return &keySet{issuer: issuer, fetch: fetch, logger: logger, turn: make(chan struct{}, 1)}
}

// verify checks the token's signature and reads its claims.
func (k *keySet) verify(ctx context.Context, token *jwt.JSONWebToken, into ...any) error {
	if keys := k.younger(keysFresh); len(keys) > 0 {
		if err := verifyWith(keys, token, into...); !errors.Is(err, errUnknownKey) {
			return err
		}
	}
	failed, err := k.refresh(ctx)
	if err != nil {
		return err
	}
	err = verifyWith(k.younger(keysKept), token, into...)
	if errors.Is(err, errUnknownKey) && failed {
		return errNoKeys
	}
	return err
}

// younger are the keys, unless they were fetched longer ago.
func (k *keySet) younger(age time.Duration) []jose.JSONWebKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.fetched) >= age {
		return nil
	}
	return k.keys
}

// refresh asks the issuer for its keys, unless it was asked a moment ago, and says whether it gave no answer. Those who
// come meanwhile wait for the one who asks.
func (k *keySet) refresh(ctx context.Context) (failed bool, err error) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if asked, failed := k.last(); time.Since(asked) < askEvery {
		return failed, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout) // others wait for the answer too
	defer cancel()
	keys, err := k.fetch(ctx)
	if err != nil {
		k.logger.WarnContext(ctx, "the keys of an issuer of tokens cannot be fetched", "issuer", k.issuer, "error", err)
	}
	k.note(keys, err)
	return err != nil, nil
}

func (k *keySet) last() (asked time.Time, failed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asked, k.failed
}

func (k *keySet) note(keys []jose.JSONWebKey, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked, k.failed = time.Now(), err != nil
	if err == nil {
		k.keys, k.fetched = keys, k.asked
	}
}

// verifyWith tries the keys that the token's header allows. A wrong signature is told from an unknown key where the
// header names the key.
func verifyWith(keys []jose.JSONWebKey, token *jwt.JSONWebToken, into ...any) error {
	header := token.Headers[0]
	err := errUnknownKey
	for _, key := range keys {
		if header.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if token.Claims(key.Key, into...) == nil {
			return nil
		}
		if header.KeyID != "" {
			err = errSignature
		}
	}
	return err
}

// publicKeys reads a JSON Web Key Set. Keys that sign nothing, or that this program cannot use, are left out.
func publicKeys(content []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(content, &set); err != nil {
		return nil, fmt.Errorf("read its key set: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil || key.Use != "" && key.Use != "sig" {
			continue
		}
		switch key.Key.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 || len(keys) > maxKeys {
		return nil, fmt.Errorf("its key set has %d public keys that can be used: it has to have 1 to %d", len(keys), maxKeys)
	}
	return keys, nil
}

package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// secretBytes is the entropy of a token.
	secretBytes = 32
	// maxTokens bounds the tokens of a workspace that have not ended.
	maxTokens = 1000
)

// Create makes a token for the workspace's instance. It ends with the instance, if not before.
func (a *Access) Create(ctx context.Context, workspace string, write orbit.AccessTokenWrite) (orbit.AccessToken, error) {
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // never fails; see crypto/rand
	secret := orbit.AccessTokenPrefix + base64.RawURLEncoding.EncodeToString(random)
	now := rounded(time.Now())
	l := &lease{
		id: uuid.Must(uuid.NewV7()).String(), workspace: workspace, hash: sha256.Sum256([]byte(secret)), created: now,
		end: endOf(now, now, write),
	}
	var instance store.Instance
	err := a.store.Update(ctx, workspace, func(tx *store.Tx) (err error) {
		if instance, err = a.allow(ctx, tx, workspace, now); err != nil {
			return err
		}
		a.admit(l) // under the workspace's lock, as Forget is: a token does not outlive its instance
		return tx.PutAccessToken(ctx, store.AccessToken{ID: l.id, Hash: l.hash[:], CreatedAt: l.created, ExpiresAt: l.end})
	})
	if err != nil {
		a.drop(workspace, l.id)
		return orbit.AccessToken{}, err
	}
	answer := a.answer(l, l.end, instance)
	answer.Secret = secret
	return answer, nil
}

// allow returns the workspace's instance, or says why it gets no token.
func (a *Access) allow(ctx context.Context, tx *store.Tx, workspace string, now time.Time) (store.Instance, error) {
	instance, err := tx.Instance(ctx, workspace)
	switch {
	case err != nil:
		return instance, err
	case instance.Deleting:
		return instance, &orbit.Problem{
			Code: orbit.CodeDeleting, Title: "No access token for workspace " + workspace, Detail: "its instance is being deleted",
		}
	case a.count(workspace, now) >= maxTokens:
		return instance, &orbit.Problem{
			Code: orbit.CodeInvalidRequest, Title: "No access token for workspace " + workspace,
			Detail: fmt.Sprintf("it has %d that have not ended, which is the most: revoke some, or wait until they end", maxTokens),
		}
	default:
		return instance, nil
	}
}

// Renew makes a token of the workspace last longer, or returns store.ErrNotFound for one that has ended.
func (a *Access) Renew(ctx context.Context, workspace, id string, write orbit.AccessTokenWrite) (orbit.AccessToken, error) {
	now := rounded(time.Now())
	l := a.find(workspace, id)
	if l == nil {
		return orbit.AccessToken{}, noToken(workspace, id)
	}
	end := endOf(l.created, now, write)
	err := a.store.MoveAccessToken(ctx, workspace, id, now, end)
	if errors.Is(err, store.ErrNotFound) {
		return orbit.AccessToken{}, noToken(workspace, id)
	}
	if err != nil {
		return orbit.AccessToken{}, err
	}
	instance, err := a.store.Instance(ctx, workspace)
	if err != nil {
		return orbit.AccessToken{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l.end = end // one that was revoked meanwhile is found by nobody
	return a.answer(l, end, instance), nil
}

// Revoke makes a token of the workspace void at once, or returns store.ErrNotFound for one that has ended.
func (a *Access) Revoke(ctx context.Context, workspace, id string) error {
	a.drop(workspace, id) // whatever becomes of the rest
	err := a.store.DeleteAccessToken(ctx, workspace, id, time.Now())
	if errors.Is(err, store.ErrNotFound) {
		return noToken(workspace, id)
	}
	return err
}

func noToken(workspace, id string) error {
	return fmt.Errorf("workspace %s has no access token %q that has not ended: %w", workspace, id, store.ErrNotFound)
}

func (a *Access) find(workspace, id string) *lease {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := a.byID[id]; l != nil && l.workspace == workspace {
		return l
	}
	return nil
}

// count is how many tokens of the workspace have not ended.
func (a *Access) count(workspace string, now time.Time) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range a.byID {
		if l.workspace == workspace && now.Before(l.end) {
			n++
		}
	}
	return n
}

func (a *Access) answer(l *lease, end time.Time, instance store.Instance) orbit.AccessToken {
	return orbit.AccessToken{
		ID: l.id, ExpiresAt: end, RenewableUntil: l.created.Add(orbit.MaxAccessTokenAge),
		APIURL: a.url(l.workspace, instance.Spec.BaseURL) + "/api",
	}
}

// endOf is when a token that was made at created ends, if it is to last from now on as long as the request says.
func endOf(created, now time.Time, write orbit.AccessTokenWrite) time.Time {
	lifetime := cmp.Or(time.Duration(write.LifetimeSeconds)*time.Second, orbit.DefaultAccessTokenLifetime)
	end, last := now.Add(lifetime), created.Add(orbit.MaxAccessTokenAge)
	if end.After(last) {
		return last
	}
	return end
}

// rounded is a time as the store keeps it.
func rounded(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

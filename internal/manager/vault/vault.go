// Package vault joins the keyring and the store: it seals a workspace's secrets before they are stored and opens them
// for the process that needs them.
package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// The credentials' names: the password of a workspace's database role, and what its Backstage signs the cookies of
// sessions with.
const (
	databasePassword = "database-password"
	sessionSecret    = "session-secret"
)

// credentialBytes is the entropy of a generated credential.
const credentialBytes = 24

// Vault opens and seals. All methods may be called concurrently.
type Vault struct {
	keyring *secret.Keyring
	store   *store.Store
}

// New returns a vault over what is stored.
func New(keyring *secret.Keyring, s *store.Store) *Vault { return &Vault{keyring: keyring, store: s} }

// PutSecrets stores the values as a new set and returns its number. A value that equals the one of the same name in
// the set before keeps its revision; a new one gets the given revision.
func (v *Vault) PutSecrets(ctx context.Context, tx *store.Tx, workspace string, values map[string]string, before, revision int64) (int64, error) {
	if len(values) == 0 {
		return 0, nil
	}
	previous, err := tx.Secrets(ctx, workspace, before)
	if err != nil {
		return 0, err
	}
	set, err := tx.NextSecretSet(ctx)
	if err != nil {
		return 0, err
	}
	secrets := make([]store.Secret, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		sealed, err := v.keyring.Seal([]byte(values[name]), secretContext(workspace, set, name))
		if err != nil {
			return 0, fmt.Errorf("seal secret %s of %s: %w", name, workspace, err)
		}
		s := store.Secret{Name: name, Revision: revision, KeyID: sealed.KeyID, Ciphertext: sealed.Ciphertext}
		if old, found := find(previous, name); found {
			value, err := v.open(workspace, before, old)
			if err != nil {
				return 0, err
			}
			if value == values[name] {
				s.Revision = old.Revision
			}
		}
		secrets = append(secrets, s)
	}
	return set, tx.PutSecrets(ctx, set, secrets)
}

// Secrets opens the values of a set.
func (v *Vault) Secrets(ctx context.Context, workspace string, set int64) (map[string]string, error) {
	sealed, err := v.store.Secrets(ctx, workspace, set)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(sealed))
	for _, s := range sealed {
		if values[s.Name], err = v.open(workspace, set, s); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Values are all secret values of the workspace that are in force: its secrets, those of its plugins, its database
// password and its session secret.
func (v *Vault) Values(ctx context.Context, workspace string) ([]string, error) {
	instance, err := v.store.Instance(ctx, workspace)
	if err != nil {
		return nil, err
	}
	secrets, err := v.Secrets(ctx, workspace, instance.SecretSet)
	if err != nil {
		return nil, err
	}
	password, err := v.DatabasePassword(ctx, workspace)
	if err != nil {
		return nil, err
	}
	session, err := v.SessionSecret(ctx, workspace)
	if err != nil {
		return nil, err
	}
	values := append(slices.Collect(maps.Values(secrets)), password, session)
	plugins, err := v.store.Plugins(ctx, workspace)
	if err != nil {
		return nil, err
	}
	for _, plugin := range plugins {
		own, err := v.Secrets(ctx, workspace, plugin.SecretSet)
		if err != nil {
			return nil, err
		}
		values = slices.AppendSeq(values, maps.Values(own))
	}
	return values, nil
}

// DatabasePassword returns the password of the workspace's database role, and makes it when it is first asked for.
func (v *Vault) DatabasePassword(ctx context.Context, workspace string) (string, error) {
	return v.credential(ctx, workspace, databasePassword)
}

// SessionSecret returns what the workspace's Backstage signs the cookies of sessions with, and makes it when it is first
// asked for. It lives as long as the instance, so that a session survives whatever process began it.
func (v *Vault) SessionSecret(ctx context.Context, workspace string) (string, error) {
	return v.credential(ctx, workspace, sessionSecret)
}

func (v *Vault) credential(ctx context.Context, workspace, name string) (string, error) {
	value, err := v.openCredential(ctx, workspace, name)
	if !errors.Is(err, store.ErrNotFound) {
		return value, err
	}
	err = v.store.Update(ctx, workspace, func(tx *store.Tx) error {
		if _, err := tx.Credential(ctx, workspace, name); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		random := make([]byte, credentialBytes)
		if _, err := rand.Read(random); err != nil {
			return fmt.Errorf("make the %s of %s: %w", name, workspace, err)
		}
		sealed, err := v.keyring.Seal([]byte(base64.RawURLEncoding.EncodeToString(random)), credentialContext(workspace, name))
		if err != nil {
			return fmt.Errorf("seal the %s of %s: %w", name, workspace, err)
		}
		return tx.PutCredential(ctx, name, store.Credential(sealed))
	})
	if err != nil {
		return "", err
	}
	return v.openCredential(ctx, workspace, name)
}

func (v *Vault) openCredential(ctx context.Context, workspace, name string) (string, error) {
	credential, err := v.store.Credential(ctx, workspace, name)
	if err != nil {
		return "", err
	}
	value, err := v.keyring.Open(secret.Sealed(credential), credentialContext(workspace, name))
	if err != nil {
		return "", fmt.Errorf("open the %s of %s: %w", name, workspace, err)
	}
	return string(value), nil
}

func (v *Vault) open(workspace string, set int64, s store.Secret) (string, error) {
	value, err := v.keyring.Open(secret.Sealed{KeyID: s.KeyID, Ciphertext: s.Ciphertext}, secretContext(workspace, set, s.Name))
	if err != nil {
		return "", fmt.Errorf("open secret %s of %s: %w", s.Name, workspace, err)
	}
	return string(value), nil
}

func find(secrets []store.Secret, name string) (store.Secret, bool) {
	for _, s := range secrets {
		if s.Name == name {
			return s, true
		}
	}
	return store.Secret{}, false
}

// The contexts bind a sealed value to its place, so that a row copied to another workspace does not open.

func secretContext(workspace string, set int64, name string) string {
	return fmt.Sprintf("secret/%s/%d/%s", workspace, set, name)
}

func credentialContext(workspace, name string) string { return "credential/" + workspace + "/" + name }

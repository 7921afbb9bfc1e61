package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// Own returns a value of orbitd itself, of no workspace, and makes it when it is first asked for.
func (v *Vault) Own(ctx context.Context, name string, fresh func() ([]byte, error)) ([]byte, error) {
	stored, err := v.store.OwnCredential(ctx, name)
	if err == nil {
		value, err := v.keyring.Open(secret.Sealed(stored), ownContext(name))
		if err != nil {
			return nil, fmt.Errorf("open orbitd's %s: %w", name, err)
		}
		return value, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	value, err := fresh()
	if err != nil {
		return nil, fmt.Errorf("make orbitd's %s: %w", name, err)
	}
	sealed, err := v.keyring.Seal(value, ownContext(name))
	if err != nil {
		return nil, fmt.Errorf("seal orbitd's %s: %w", name, err)
	}
	return value, v.store.PutOwnCredential(ctx, name, store.Credential(sealed))
}

// ownContext has no workspace's name in its place: one is never empty.
func ownContext(name string) string { return credentialContext("", name) }

package store

import (
	"context"
	"fmt"
)

// OwnCredential returns a sealed value of orbitd itself by name, or ErrNotFound.
func (q queries) OwnCredential(ctx context.Context, name string) (Credential, error) {
	return collectOne[Credential](ctx, q.db, "orbitd's "+name,
		"SELECT key_id, ciphertext FROM own_credentials WHERE name = $1", name)
}

// PutOwnCredential writes a value of orbitd itself that does not exist yet.
func (s *Store) PutOwnCredential(ctx context.Context, name string, c Credential) error {
	_, err := s.db.Exec(ctx, "INSERT INTO own_credentials (name, key_id, ciphertext) VALUES ($1, $2, $3)", name, c.KeyID, c.Ciphertext)
	if err != nil {
		return fmt.Errorf("write orbitd's %s: %w", name, err)
	}
	return nil
}

package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Sealed is a sealed value of any workspace, and where it is.
type Sealed struct {
	// Workspace is "" for a value of orbitd itself.
	Workspace string
	// Set is the set of a secret, 0 for a credential.
	Set        int64
	Name       string
	KeyID      string
	Ciphertext []byte
}

// IsCredential says whether the value is one that orbitd made itself, and no secret.
func (s Sealed) IsCredential() bool { return s.Set == 0 }

// Reseal replaces all sealed values in one transaction: seal is given every one there is and returns those that it sealed
// again. When it returns an error nothing changes.
func (s *Store) Reseal(ctx context.Context, seal func(all []Sealed) ([]Sealed, error)) error {
	return pgx.BeginFunc(ctx, s.pool, func(t pgx.Tx) error {
		// Readers go on; writers wait, so that no value is sealed with the old key meanwhile.
		if _, err := t.Exec(ctx, "LOCK TABLE secrets, credentials, own_credentials IN EXCLUSIVE MODE"); err != nil {
			return fmt.Errorf("lock the sealed values: %w", err)
		}
		all, err := collect[Sealed](ctx, t, "all sealed values",
			"SELECT workspace, set, name, key_id, ciphertext FROM secrets UNION ALL "+
				"SELECT workspace, 0, name, key_id, ciphertext FROM credentials UNION ALL "+
				"SELECT '', 0, name, key_id, ciphertext FROM own_credentials ORDER BY workspace, set, name")
		if err != nil {
			return err
		}
		again, err := seal(all)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for _, v := range again {
			if v.Workspace == "" {
				batch.Queue("UPDATE own_credentials SET key_id = $2, ciphertext = $3 WHERE name = $1", v.Name, v.KeyID, v.Ciphertext)
				continue
			}
			if v.IsCredential() {
				batch.Queue("UPDATE credentials SET key_id = $3, ciphertext = $4 WHERE workspace = $1 AND name = $2",
					v.Workspace, v.Name, v.KeyID, v.Ciphertext)
				continue
			}
			batch.Queue("UPDATE secrets SET key_id = $4, ciphertext = $5 WHERE workspace = $1 AND set = $2 AND name = $3",
				v.Workspace, v.Set, v.Name, v.KeyID, v.Ciphertext)
		}
		if err := t.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("write the sealed values: %w", err)
		}
		return nil
	})
}

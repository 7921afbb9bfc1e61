package store

import (
	"context"
	"fmt"
)

// Secret is a sealed value of a set.
type Secret struct {
	Name string
	// Revision moves with the value.
	Revision   int64
	KeyID      string
	Ciphertext []byte
}

// Secrets returns the values of a set in order of their names. Set 0 is empty.
func (q queries) Secrets(ctx context.Context, workspace string, set int64) ([]Secret, error) {
	return collect[Secret](ctx, q.db, "secrets of "+workspace,
		"SELECT name, revision, key_id, ciphertext FROM secrets WHERE workspace = $1 AND set = $2 ORDER BY name",
		workspace, set)
}

// SealingKeyIDs returns the ids of the keys that sealed what is stored.
func (q queries) SealingKeyIDs(ctx context.Context) ([]string, error) {
	type row struct{ KeyID string }
	rows, err := collect[row](ctx, q.db, "the sealing keys in use",
		"SELECT key_id FROM secrets UNION SELECT key_id FROM credentials UNION SELECT key_id FROM own_credentials ORDER BY 1")
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.KeyID
	}
	return ids, nil
}

// NextSecretSet returns a number for a new set.
func (tx *Tx) NextSecretSet(ctx context.Context) (int64, error) {
	var set int64
	if err := tx.db.QueryRow(ctx, "SELECT nextval('secret_sets')").Scan(&set); err != nil {
		return 0, fmt.Errorf("number a set of secrets: %w", err)
	}
	return set, nil
}

// PutSecrets writes the values of a new set.
func (tx *Tx) PutSecrets(ctx context.Context, set int64, secrets []Secret) error {
	for _, s := range secrets {
		_, err := tx.db.Exec(ctx, "INSERT INTO secrets (workspace, set, name, revision, key_id, ciphertext) "+
			"VALUES ($1, $2, $3, $4, $5, $6)", tx.workspace, set, s.Name, s.Revision, s.KeyID, s.Ciphertext)
		if err != nil {
			return fmt.Errorf("write secret %s of %s: %w", s.Name, tx.workspace, err)
		}
	}
	return nil
}

// PruneSecrets removes the sets that neither the instance, nor a plugin, nor a change that can still be put back, nor
// a process needs.
func (tx *Tx) PruneSecrets(ctx context.Context) error {
	_, err := tx.db.Exec(ctx, `DELETE FROM secrets s WHERE workspace = $1
		AND NOT EXISTS (SELECT FROM instances i WHERE i.workspace = $1
			AND (s.set IN (i.secret_set, (i.served->>'secret_set')::bigint)
				OR s.set IN (SELECT jsonb_path_query(i.served, '$.plugin_secrets.*.set')::bigint)))
		AND NOT EXISTS (SELECT FROM plugins p WHERE p.workspace = $1 AND p.secret_set = s.set)
		AND NOT EXISTS (SELECT FROM changes c WHERE c.workspace = $1 AND c.state = 'pending'
			AND (c.previous->>'secret_set')::bigint = s.set)
		AND NOT EXISTS (SELECT FROM processes p WHERE p.workspace = $1
			AND (s.set = (p.given->>'secret_set')::bigint
				OR s.set IN (SELECT jsonb_path_query(p.given, '$.plugin_secrets.*.set')::bigint)))`,
		tx.workspace)
	if err != nil {
		return fmt.Errorf("prune the secrets of %s: %w", tx.workspace, err)
	}
	return nil
}

// Credential is a sealed value that orbitd made itself.
type Credential struct {
	KeyID      string
	Ciphertext []byte
}

// Credential returns a value by name, or ErrNotFound.
func (q queries) Credential(ctx context.Context, workspace, name string) (Credential, error) {
	return collectOne[Credential](ctx, q.db, "credential "+name+" of "+workspace,
		"SELECT key_id, ciphertext FROM credentials WHERE workspace = $1 AND name = $2", workspace, name)
}

// PutCredential writes a value that does not exist yet.
func (tx *Tx) PutCredential(ctx context.Context, name string, c Credential) error {
	_, err := tx.db.Exec(ctx, "INSERT INTO credentials (workspace, name, key_id, ciphertext) VALUES ($1, $2, $3, $4)",
		tx.workspace, name, c.KeyID, c.Ciphertext)
	if err != nil {
		return fmt.Errorf("write credential %s of %s: %w", name, tx.workspace, err)
	}
	return nil
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// AccessToken is a token for the API of a workspace's instance, as it is kept.
type AccessToken struct {
	ID        string
	Workspace string
	// Hash is the SHA-256 of the token.
	Hash      []byte
	CreatedAt time.Time
	ExpiresAt time.Time
}

// AccessTokens returns the tokens of all workspaces that have not ended.
func (q queries) AccessTokens(ctx context.Context, now time.Time) ([]AccessToken, error) {
	return collect[AccessToken](ctx, q.db, "access tokens",
		"SELECT id, workspace, hash, created_at, expires_at FROM access_tokens WHERE expires_at > $1", now)
}

// PutAccessToken writes a new token of the workspace.
func (tx *Tx) PutAccessToken(ctx context.Context, t AccessToken) error {
	_, err := tx.db.Exec(ctx, "INSERT INTO access_tokens (id, workspace, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
		t.ID, tx.workspace, t.Hash, t.CreatedAt, t.ExpiresAt)
	if err != nil {
		return fmt.Errorf("write an access token of %s: %w", tx.workspace, err)
	}
	return nil
}

// MoveAccessToken sets the end of a token that has not ended, or returns ErrNotFound.
func (s *Store) MoveAccessToken(ctx context.Context, workspace, id string, now, end time.Time) error {
	done, err := s.db.Exec(ctx, "UPDATE access_tokens SET expires_at = $4 WHERE workspace = $1 AND id = $2 AND expires_at > $3",
		workspace, id, now, end)
	return affected(done, err, "renew access token "+id+" of "+workspace)
}

// DeleteAccessToken removes a token that has not ended, or returns ErrNotFound.
func (s *Store) DeleteAccessToken(ctx context.Context, workspace, id string, now time.Time) error {
	done, err := s.db.Exec(ctx, "DELETE FROM access_tokens WHERE workspace = $1 AND id = $2 AND expires_at > $3", workspace, id, now)
	return affected(done, err, "revoke access token "+id+" of "+workspace)
}

// affected is ErrNotFound when a statement that went well met no row.
func affected(done pgconn.CommandTag, err error, what string) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case done.RowsAffected() == 0:
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	default:
		return nil
	}
}

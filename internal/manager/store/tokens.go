package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Token is the row of a token of the API. Its Secret is never in it.
type Token struct {
	orbit.Token
	// Digest is the SHA-256 of the secret.
	Digest []byte
}

const tokenColumns = "id, workspace, role, description, created_at, created_by, expires_at, last_used_at, '' AS secret, digest" //nolint:gosec // columns

// ErrKeyReused says that an Idempotency-Key came with two different requests.
var ErrKeyReused = errors.New("the Idempotency-Key came with another request before")

// PutToken writes a new token. Where a request with the same key, "" for none, and hash made one before, that one gets the
// new digest, and is returned; with another hash the error is ErrKeyReused.
func (s *Store) PutToken(ctx context.Context, t Token, idempotencyKey, requestHash string) (Token, error) {
	kept, err := collectOne[Token](ctx, s.db, "the new token", "INSERT INTO tokens AS t "+
		"(id, digest, workspace, role, description, created_by, expires_at, idempotency_key, request_hash) "+
		"VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, ''), $9) ON CONFLICT (idempotency_key) DO UPDATE "+
		"SET digest = excluded.digest WHERE t.request_hash = excluded.request_hash RETURNING "+tokenColumns,
		t.ID, t.Digest, t.Workspace, t.Role, t.Description, t.CreatedBy, t.ExpiresAt, idempotencyKey, requestHash)
	if errors.Is(err, ErrNotFound) {
		return Token{}, ErrKeyReused
	}
	return kept, err
}

// Token returns a token by id, or ErrNotFound: one of the workspace, or with "" any.
func (s *Store) Token(ctx context.Context, workspace, id string) (Token, error) {
	return collectOne[Token](ctx, s.db, "token "+id,
		"SELECT "+tokenColumns+" FROM tokens WHERE id = $2 AND ($1 = '' OR workspace = $1)", workspace, id)
}

// Tokens returns at most limit tokens whose id comes after the given one, oldest first: of the workspace, or with "" all.
func (s *Store) Tokens(ctx context.Context, workspace, after string, limit int) ([]Token, error) {
	return collect[Token](ctx, s.db, "tokens",
		"SELECT "+tokenColumns+" FROM tokens WHERE id > $2 AND ($1 = '' OR workspace = $1) ORDER BY id LIMIT $3", workspace, after, limit)
}

// SetToken changes role and description of a token and returns it, or ErrNotFound.
func (s *Store) SetToken(ctx context.Context, id string, patch orbit.TokenPatch) (Token, error) {
	return collectOne[Token](ctx, s.db, "token "+id, "UPDATE tokens SET role = coalesce($2, role), "+
		"description = coalesce($3, description) WHERE id = $1 RETURNING "+tokenColumns, id, patch.Role, patch.Description)
}

// DeleteToken removes a token of the workspace, or with "" any, and returns it as it was, or ErrNotFound.
func (s *Store) DeleteToken(ctx context.Context, workspace, id string) (Token, error) {
	return collectOne[Token](ctx, s.db, "token "+id,
		"DELETE FROM tokens WHERE id = $2 AND ($1 = '' OR workspace = $1) RETURNING "+tokenColumns, workspace, id)
}

// SetTokensUsed writes when tokens were last used.
func (s *Store) SetTokensUsed(ctx context.Context, used map[string]time.Time) error {
	ids, times := make([]string, 0, len(used)), make([]time.Time, 0, len(used))
	for id, at := range used {
		ids, times = append(ids, id), append(times, at)
	}
	_, err := s.db.Exec(ctx, "UPDATE tokens SET last_used_at = u.at FROM unnest($1::text[], $2::timestamptz[]) AS u (id, at) "+
		"WHERE tokens.id = u.id", ids, times)
	if err != nil {
		return fmt.Errorf("write when tokens were last used: %w", err)
	}
	return nil
}

// forgetTokens removes the tokens that ended by themselves more than 7 days ago.
func (s *Store) forgetTokens(ctx context.Context, now time.Time) error {
	if _, err := s.db.Exec(ctx, "DELETE FROM tokens WHERE expires_at < $1", now.Add(-retention)); err != nil {
		return fmt.Errorf("forget old tokens: %w", err)
	}
	return nil
}

package store

import (
	"context"
	"fmt"
	"time"
)

// registrationRetention is how long a retry of a registration is known as one.
const registrationRetention = 24 * time.Hour

// registration is what is kept of a request that registers a location.
type registration struct{ Target string }

// Registration returns the target that a request with the key began to register, or ErrNotFound.
func (q queries) Registration(ctx context.Context, workspace, key string) (target string, err error) {
	first, err := collectOne[registration](ctx, q.db, "a registration of "+workspace,
		"SELECT target FROM registrations WHERE workspace = $1 AND key = $2", workspace, key)
	return first.Target, err
}

// Register notes that a request with the key begins to register the target, and returns the target that an earlier
// request with the key began to register; "" when this is the first.
func (s *Store) Register(ctx context.Context, workspace, key, target string) (earlier string, err error) {
	done, err := s.db.Exec(ctx, "INSERT INTO registrations (workspace, key, target) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		workspace, key, target)
	if err != nil {
		return "", fmt.Errorf("note a registration of %s: %w", workspace, err)
	}
	if done.RowsAffected() > 0 {
		return "", nil
	}
	return s.Registration(ctx, workspace, key)
}

// Unregister forgets a request that registered nothing.
func (s *Store) Unregister(ctx context.Context, workspace, key string) error {
	if _, err := s.db.Exec(ctx, "DELETE FROM registrations WHERE workspace = $1 AND key = $2", workspace, key); err != nil {
		return fmt.Errorf("forget a registration of %s: %w", workspace, err)
	}
	return nil
}

package store

import (
	"context"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// PutEvent writes an event; its ID and At are the database's.
func (q queries) PutEvent(ctx context.Context, e orbit.Event) error {
	_, err := q.db.Exec(ctx, "INSERT INTO events (workspace, type, reason, message, rollout_id) VALUES ($1, $2, $3, $4, $5)",
		e.Workspace, e.Type, e.Reason, e.Message, e.RolloutID)
	if err != nil {
		return fmt.Errorf("write an event of %s: %w", e.Workspace, err)
	}
	return nil
}

// Events returns at most limit of the workspace's events whose id is above after, oldest first.
func (q queries) Events(ctx context.Context, workspace string, after int64, limit int) ([]orbit.Event, error) {
	return collect[orbit.Event](ctx, q.db, "events of "+workspace,
		"SELECT id, workspace, at, type, reason, message, rollout_id FROM events WHERE workspace = $1 AND id > $2 "+
			"ORDER BY id LIMIT $3", workspace, after, limit)
}

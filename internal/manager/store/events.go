package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const eventColumns = "id, workspace, at, type, reason, message, rollout_id"

// PutEvent writes an event; its ID and At are the database's. Writers take turns, so that whoever has read an event never
// finds a lower id afterwards.
func (q queries) PutEvent(ctx context.Context, e orbit.Event) error {
	_, err := q.db.Exec(ctx, "INSERT INTO events (workspace, type, reason, message, rollout_id) "+
		"WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended('orbit:events', 0))) "+
		"SELECT $1::text, $2::text, $3::text, $4::text, $5::text FROM turn",
		e.Workspace, e.Type, e.Reason, e.Message, e.RolloutID)
	if err != nil {
		return fmt.Errorf("write an event of %s: %w", e.Workspace, err)
	}
	return nil
}

// Events returns at most limit of the workspace's events whose id is above after, oldest first.
func (q queries) Events(ctx context.Context, workspace string, after int64, limit int) ([]orbit.Event, error) {
	return q.events(ctx, "events of "+workspace, "workspace = $1 AND id > $2 ORDER BY id LIMIT $3", workspace, after, limit)
}

// AllEvents returns at most limit events of all workspaces whose id is above after, oldest first.
func (q queries) AllEvents(ctx context.Context, after int64, limit int) ([]orbit.Event, error) {
	return q.events(ctx, "events", "id > $1 ORDER BY id LIMIT $2", after, limit)
}

// NewestEvents returns at most limit of the newest events of the workspace, or with "" of all, oldest first.
func (q queries) NewestEvents(ctx context.Context, workspace string, limit int) ([]orbit.Event, error) {
	where, arguments := "true", []any{limit}
	if workspace != "" {
		where, arguments = "workspace = $2", append(arguments, workspace)
	}
	events, err := q.events(ctx, "the newest events", where+" ORDER BY id DESC LIMIT $1", arguments...)
	slices.Reverse(events)
	return events, err
}

// RolloutEvents returns the events of a rollout of the workspace, oldest first.
func (q queries) RolloutEvents(ctx context.Context, workspace, rolloutID string) ([]orbit.Event, error) {
	return q.events(ctx, "events of rollout "+rolloutID, "workspace = $1 AND rollout_id = $2 ORDER BY id", workspace, rolloutID)
}

func (q queries) events(ctx context.Context, what, where string, arguments ...any) ([]orbit.Event, error) {
	return collect[orbit.Event](ctx, q.db, what, "SELECT "+eventColumns+" FROM events WHERE "+where, arguments...)
}

package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// retention is how long a change whose fate is known, and an event, are kept.
const retention = 7 * 24 * time.Hour

// Change is the row of an accepted write.
type Change struct {
	orbit.Change
	// Previous is the resource before the change; nil when there was none.
	Previous *Previous
	// Deadline is when the change has failed if its fate is not known.
	Deadline time.Time
	// IdempotencyKey and RequestHash recognise a retry of a creating write; empty for other writes.
	IdempotencyKey, RequestHash string
}

// Previous is a resource as it was before a change. Instance or Plugin is set, as the change's subject has it.
type Previous struct {
	Instance           *orbit.InstanceSpec `json:"instance,omitempty"`
	Plugin             *orbit.PluginSpec   `json:"plugin,omitempty"`
	SecretSet          int64               `json:"secret_set"`
	ResourceGeneration int64               `json:"resource_generation"`
}

// changeRow has the columns of a change.
type changeRow struct {
	ID, Workspace, Package string
	Operation              orbit.Operation
	Generation             int64
	State                  orbit.ChangeState
	Impact                 orbit.Impact
	Reasons                []orbit.Reason
	Warnings               []orbit.Diagnostic
	Progress               string
	Problem                *orbit.Problem
	RolloutID              string
	Previous               *Previous
	Deadline               time.Time
	IdempotencyKey         *string
	RequestHash            string
	PendingRestart         bool
	CreatedAt              time.Time
	FinishedAt             *time.Time
}

const changeColumns = "id, workspace, package, operation, generation, state, impact, reasons, warnings, progress, " +
	"problem, rollout_id, previous, deadline, idempotency_key, request_hash, pending_restart, created_at, finished_at"

func (r changeRow) change() Change {
	c := Change{
		Change: orbit.Change{
			ID: r.ID, Workspace: r.Workspace, Plugin: r.Package, Operation: r.Operation, Generation: r.Generation,
			State: r.State, Impact: r.Impact, Reasons: r.Reasons, Warnings: r.Warnings, Progress: r.Progress,
			Problem: r.Problem, RolloutID: r.RolloutID, PendingRestart: r.PendingRestart, CreatedAt: r.CreatedAt,
			FinishedAt: r.FinishedAt,
		},
		Previous: r.Previous, Deadline: r.Deadline, RequestHash: r.RequestHash,
	}
	if r.IdempotencyKey != nil {
		c.IdempotencyKey = *r.IdempotencyKey
	}
	return c
}

func (q queries) changes(ctx context.Context, what, where string, arguments ...any) ([]Change, error) {
	rows, err := collect[changeRow](ctx, q.db, what, "SELECT "+changeColumns+" FROM changes WHERE "+where, arguments...)
	if err != nil {
		return nil, err
	}
	changes := make([]Change, len(rows))
	for i, r := range rows {
		changes[i] = r.change()
	}
	return changes, nil
}

// Change returns a change by id, or ErrNotFound.
func (q queries) Change(ctx context.Context, id string) (Change, error) {
	row, err := collectOne[changeRow](ctx, q.db, "change "+id, "SELECT "+changeColumns+" FROM changes WHERE id = $1", id)
	return row.change(), err
}

// ChangeByKey returns the change that a creating write with this Idempotency-Key made, or ErrNotFound.
func (q queries) ChangeByKey(ctx context.Context, key string) (Change, error) {
	row, err := collectOne[changeRow](ctx, q.db, "change of an Idempotency-Key",
		"SELECT "+changeColumns+" FROM changes WHERE idempotency_key = $1", key)
	return row.change(), err
}

// PendingChanges returns the workspace's changes whose fate is not known, oldest first.
func (q queries) PendingChanges(ctx context.Context, workspace string) ([]Change, error) {
	return q.changes(ctx, "pending changes of "+workspace,
		"workspace = $1 AND state = 'pending' ORDER BY generation", workspace)
}

// PutChange records an accepted write.
func (tx *Tx) PutChange(ctx context.Context, c Change) error {
	var key *string
	if c.IdempotencyKey != "" {
		key = &c.IdempotencyKey
	}
	_, err := tx.db.Exec(ctx, "INSERT INTO changes (id, workspace, package, operation, generation, state, impact, "+
		"reasons, warnings, problem, previous, deadline, idempotency_key, request_hash, pending_restart, finished_at) "+
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
		c.ID, c.Workspace, c.Plugin, c.Operation, c.Generation, c.State, c.Impact, notNil(c.Reasons), notNil(c.Warnings),
		c.Problem, c.Previous, c.Deadline, key, c.RequestHash, c.PendingRestart, c.FinishedAt)
	if err != nil {
		return fmt.Errorf("record the change of %s: %w", c.Workspace, err)
	}
	return nil
}

// SetProgress says what the rollout of the changes is doing.
func (s *Store) SetProgress(ctx context.Context, ids []string, rolloutID, progress string) error {
	_, err := s.db.Exec(ctx, "UPDATE changes SET rollout_id = $2, progress = $3 WHERE id = ANY($1) AND state = 'pending'",
		ids, rolloutID, progress)
	if err != nil {
		return fmt.Errorf("write the progress of rollout %s: %w", rolloutID, err)
	}
	return nil
}

// StoreChange records that a pending change costs a restart and was stored for a later one.
func (tx *Tx) StoreChange(ctx context.Context, id string) error {
	if _, err := tx.db.Exec(ctx, "UPDATE changes SET pending_restart = true WHERE id = $1 AND state = 'pending'", id); err != nil {
		return fmt.Errorf("record that change %s waits for a restart: %w", id, err)
	}
	return tx.FinishChange(ctx, id)
}

// WarnOfChanges adds a finding to the pending ones among the changes, once.
func (s *Store) WarnOfChanges(ctx context.Context, ids []string, warning orbit.Diagnostic) error {
	_, err := s.db.Exec(ctx, "UPDATE changes SET warnings = warnings || $2::jsonb "+
		"WHERE id = ANY($1) AND state = 'pending' AND NOT warnings @> $2::jsonb", ids, []orbit.Diagnostic{warning})
	if err != nil {
		return fmt.Errorf("record a warning of changes: %w", err)
	}
	return nil
}

// FinishChange records that a pending change was applied.
func (tx *Tx) FinishChange(ctx context.Context, id string) error {
	_, err := tx.db.Exec(ctx, "UPDATE changes SET state = 'applied', progress = '', previous = NULL, finished_at = now() "+
		"WHERE id = $1 AND state = 'pending'", id)
	if err != nil {
		return fmt.Errorf("record that change %s is applied: %w", id, err)
	}
	return nil
}

// FailChange records that a pending change failed, and puts its resource back to what it was before. Where a later
// change of the same resource is pending, that one stands, and what it would be put back to becomes what this one
// would have been. A later one that creates stands as it is: between the two the resource was removed. A creating change
// that fails removes its resource; for the instance itself that is left to the caller, who has to clean up the world
// first.
func (tx *Tx) FailChange(ctx context.Context, c Change, problem *orbit.Problem) error {
	_, err := tx.db.Exec(ctx, "UPDATE changes SET state = 'failed', progress = '', previous = NULL, finished_at = now(), "+
		"problem = $2 WHERE id = $1", c.ID, problem)
	if err != nil {
		return fmt.Errorf("record that change %s failed: %w", c.ID, err)
	}
	if c.Operation == orbit.OperationRestart {
		return nil // it declared nothing
	}
	tag, err := tx.db.Exec(ctx, "UPDATE changes SET previous = $4, operation = CASE WHEN $4::jsonb IS NULL THEN 'create' ELSE operation END "+
		"WHERE id = (SELECT id FROM changes WHERE workspace = $1 AND package = $2 AND generation > $3 AND state = 'pending' "+
		"AND operation <> 'restart' ORDER BY generation LIMIT 1) AND operation <> 'create'", c.Workspace, c.Plugin, c.Generation, c.Previous)
	if err != nil {
		return fmt.Errorf("rebase the change after %s: %w", c.ID, err)
	}
	if tag.RowsAffected() > 0 {
		return nil
	}
	if c.Plugin != "" {
		return tx.restorePlugin(ctx, c)
	}
	return tx.restoreInstance(ctx, c)
}

func (tx *Tx) restorePlugin(ctx context.Context, c Change) error {
	current, err := tx.Plugin(ctx, tx.workspace, c.Plugin)
	if errors.Is(err, ErrNotFound) || err == nil && current.ResourceGeneration > c.Generation {
		return nil // a later write that is applied already has the last word
	}
	if err != nil {
		return err
	}
	if c.Previous == nil || c.Previous.Plugin == nil {
		return tx.DeletePlugin(ctx, c.Plugin)
	}
	return tx.SetPlugin(ctx, c.Plugin, *c.Previous.Plugin, c.Previous.SecretSet, c.Previous.ResourceGeneration)
}

func (tx *Tx) restoreInstance(ctx context.Context, c Change) error {
	current, err := tx.Instance(ctx, tx.workspace)
	if errors.Is(err, ErrNotFound) || err == nil && current.ResourceGeneration > c.Generation {
		return nil
	}
	if err != nil || c.Previous == nil || c.Previous.Instance == nil {
		return err
	}
	return tx.SetInstance(ctx, *c.Previous.Instance, c.Previous.SecretSet, c.Previous.ResourceGeneration)
}

// Forget removes the changes and events that are older than 7 days, tokens that ended so long ago, audit records older than
// 90 days, and what ranges were resolved to for workspaces that nobody came back to.
func (s *Store) Forget(ctx context.Context, now time.Time) error {
	before := now.Add(-retention)
	if _, err := s.db.Exec(ctx, "DELETE FROM changes WHERE finished_at < $1", before); err != nil {
		return fmt.Errorf("forget old changes: %w", err)
	}
	if _, err := s.db.Exec(ctx, "DELETE FROM events WHERE at < $1", before); err != nil {
		return fmt.Errorf("forget old events: %w", err)
	}
	if err := s.forgetTokens(ctx, now); err != nil {
		return err
	}
	if err := s.forgetAudit(ctx, now); err != nil {
		return err
	}
	return s.forgetResolutions(ctx, now)
}

// notNil makes a nil slice an empty one, which JSON writes as [] and not as null.
func notNil[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

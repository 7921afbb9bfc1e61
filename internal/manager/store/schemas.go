package store

import (
	"context"
	"fmt"
	"time"
)

// PluginSchema is the row of a schema in an instance's database that belongs to an added plugin, or belonged to one.
type PluginSchema struct {
	// Schema is its name: the plugin's id.
	Schema  string
	Package string
	// RemovedAt is when the plugin was removed; nil while it serves.
	RemovedAt *time.Time
}

// PluginSchemas returns the schemas of the workspace's added and removed plugins, in order of their names.
func (q queries) PluginSchemas(ctx context.Context, workspace string) ([]PluginSchema, error) {
	return collect[PluginSchema](ctx, q.db, "the plugins' schemas of "+workspace,
		"SELECT schema, package, removed_at FROM plugin_schemas WHERE workspace = $1 ORDER BY schema", workspace)
}

// WorkspacesToClean returns the workspaces that have schemas of plugins which were removed before the given time.
func (q queries) WorkspacesToClean(ctx context.Context, removedBefore time.Time) ([]string, error) {
	type row struct{ Workspace string }
	rows, err := collect[row](ctx, q.db, "the workspaces with schemas to drop",
		"SELECT DISTINCT workspace FROM plugin_schemas WHERE removed_at <= $1 ORDER BY 1", removedBefore)
	if err != nil {
		return nil, err
	}
	workspaces := make([]string, len(rows))
	for i, r := range rows {
		workspaces[i] = r.Workspace
	}
	return workspaces, nil
}

// UseSchema notes that a schema belongs to a plugin that serves.
func (tx *Tx) UseSchema(ctx context.Context, schema, pkg string) error {
	_, err := tx.db.Exec(ctx, "INSERT INTO plugin_schemas (workspace, schema, package) VALUES ($1, $2, $3) "+
		"ON CONFLICT (workspace, schema) DO UPDATE SET package = excluded.package, removed_at = NULL", tx.workspace, schema, pkg)
	if err != nil {
		return fmt.Errorf("note schema %s of %s: %w", schema, tx.workspace, err)
	}
	return nil
}

// RetainSchema notes that the schema's plugin was removed.
func (tx *Tx) RetainSchema(ctx context.Context, schema string, at time.Time) error {
	_, err := tx.db.Exec(ctx, "UPDATE plugin_schemas SET removed_at = $3 WHERE workspace = $1 AND schema = $2 AND removed_at IS NULL",
		tx.workspace, schema, at)
	if err != nil {
		return fmt.Errorf("note that the plugin of schema %s of %s is removed: %w", schema, tx.workspace, err)
	}
	return nil
}

// ForgetSchema removes what is noted of a schema.
func (tx *Tx) ForgetSchema(ctx context.Context, schema string) error {
	_, err := tx.db.Exec(ctx, "DELETE FROM plugin_schemas WHERE workspace = $1 AND schema = $2", tx.workspace, schema)
	if err != nil {
		return fmt.Errorf("forget schema %s of %s: %w", schema, tx.workspace, err)
	}
	return nil
}

// SetSchemasBefore notes which schemas are not those of the process in preparation. What is noted already stays: a
// process before made what is not in it. PutProcess forgets it when the process serves.
func (s *Store) SetSchemasBefore(ctx context.Context, workspace string, before []string) error {
	_, err := s.db.Exec(ctx, "UPDATE instances SET schemas_before = coalesce(schemas_before, $2) WHERE workspace = $1",
		workspace, notNil(before))
	if err != nil {
		return fmt.Errorf("note the schemas of %s: %w", workspace, err)
	}
	return nil
}

// ForgetSchemasBefore says that nothing is left of a process that never served.
func (s *Store) ForgetSchemasBefore(ctx context.Context, workspace string) error {
	if _, err := s.db.Exec(ctx, "UPDATE instances SET schemas_before = NULL WHERE workspace = $1", workspace); err != nil {
		return fmt.Errorf("forget the schemas noted of %s: %w", workspace, err)
	}
	return nil
}

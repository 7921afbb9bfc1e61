package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Instance is the row of a declared instance.
type Instance struct {
	Workspace          string
	Spec               orbit.InstanceSpec
	SecretSet          int64
	ETag               string
	Generation         int64
	ResourceGeneration int64
	ObservedGeneration int64
	Conditions         []orbit.Condition
	UserID             *int64
	Deleting           bool
	CreatedAt          time.Time
	// Served is what served last; nil before the first boot.
	Served *Given
	// RestoreFrom is the clone that has to take the database's place before anything boots; "" is none.
	RestoreFrom string
	// SchemasBefore are the schemas that are not those of a process in preparation which adds plugins; nil when there is
	// no such process, or nothing left of one.
	SchemasBefore []string
}

// Plugin is the row of a plugin that is declared by a resource of its own.
type Plugin struct {
	Workspace          string
	Package            string
	Spec               orbit.PluginSpec
	SecretSet          int64
	ETag               string
	ResourceGeneration int64
	CreatedAt          time.Time
}

const (
	instanceColumns = "workspace, spec, secret_set, etag, generation, resource_generation, observed_generation, " +
		"conditions, user_id, deleting, created_at, served, restore_from, schemas_before"
	pluginColumns = "workspace, package, spec, secret_set, etag, resource_generation, created_at"
)

// Instance returns the workspace's instance, or ErrNotFound.
func (q queries) Instance(ctx context.Context, workspace string) (Instance, error) {
	return collectOne[Instance](ctx, q.db, "instance "+workspace,
		"SELECT "+instanceColumns+" FROM instances WHERE workspace = $1", workspace)
}

// Instances returns at most limit instances whose workspace comes after the given one, in order.
func (q queries) Instances(ctx context.Context, after string, limit int) ([]Instance, error) {
	return q.LabelledInstances(ctx, nil, after, limit)
}

// LabelledInstances are those of Instances that have all of the labels.
func (q queries) LabelledInstances(ctx context.Context, labels map[string]string, after string, limit int) ([]Instance, error) {
	if labels == nil {
		labels = map[string]string{}
	}
	return collect[Instance](ctx, q.db, "instances", "SELECT "+instanceColumns+" FROM instances WHERE workspace > $1 "+
		"AND coalesce(spec->'labels', '{}') @> $2 ORDER BY workspace LIMIT $3", after, labels, limit)
}

// Plugin returns one plugin with a resource of its own, or ErrNotFound.
func (q queries) Plugin(ctx context.Context, workspace, name string) (Plugin, error) {
	return collectOne[Plugin](ctx, q.db, "plugin "+name+" of "+workspace,
		"SELECT "+pluginColumns+" FROM plugins WHERE workspace = $1 AND package = $2", workspace, name)
}

// Plugins returns the workspace's plugins that have a resource of their own, in order of their names.
func (q queries) Plugins(ctx context.Context, workspace string) ([]Plugin, error) {
	return collect[Plugin](ctx, q.db, "plugins of "+workspace,
		"SELECT "+pluginColumns+" FROM plugins WHERE workspace = $1 ORDER BY package", workspace)
}

// NextGeneration counts the instance's generation up and returns it.
func (tx *Tx) NextGeneration(ctx context.Context) (int64, error) {
	var generation int64
	err := tx.db.QueryRow(ctx, "UPDATE instances SET generation = generation + 1 WHERE workspace = $1 RETURNING generation",
		tx.workspace).Scan(&generation)
	if err != nil {
		return 0, fmt.Errorf("count the generation of %s: %w", tx.workspace, err)
	}
	return generation, nil
}

// CreateInstance writes a new instance with generation 1.
func (tx *Tx) CreateInstance(ctx context.Context, spec orbit.InstanceSpec, userID *int64) error {
	_, err := tx.db.Exec(ctx, "INSERT INTO instances (workspace, spec, etag, generation, resource_generation, user_id) "+
		"VALUES ($1, $2, $3, 1, 1, $4)", tx.workspace, spec, contentTag(spec, 0), userID)
	if err != nil {
		return fmt.Errorf("write instance %s: %w", tx.workspace, err)
	}
	return nil
}

// SetInstance replaces what the instance declares.
func (tx *Tx) SetInstance(ctx context.Context, spec orbit.InstanceSpec, secretSet, generation int64) error {
	_, err := tx.db.Exec(ctx, "UPDATE instances SET spec = $2, secret_set = $3, etag = $4, resource_generation = $5 "+
		"WHERE workspace = $1", tx.workspace, spec, secretSet, contentTag(spec, secretSet), generation)
	if err != nil {
		return fmt.Errorf("write instance %s: %w", tx.workspace, err)
	}
	return nil
}

// SetDeleting marks the instance as going away.
func (tx *Tx) SetDeleting(ctx context.Context) error {
	if _, err := tx.db.Exec(ctx, "UPDATE instances SET deleting = true WHERE workspace = $1", tx.workspace); err != nil {
		return fmt.Errorf("mark instance %s: %w", tx.workspace, err)
	}
	return nil
}

// DeleteInstance removes the instance with all that belongs to it, except its changes and events.
func (tx *Tx) DeleteInstance(ctx context.Context) error {
	if _, err := tx.db.Exec(ctx, "DELETE FROM instances WHERE workspace = $1", tx.workspace); err != nil {
		return fmt.Errorf("delete instance %s: %w", tx.workspace, err)
	}
	return nil
}

// SetPlugin creates or replaces a plugin that has a resource of its own.
func (tx *Tx) SetPlugin(ctx context.Context, name string, spec orbit.PluginSpec, secretSet, generation int64) error {
	_, err := tx.db.Exec(ctx, "INSERT INTO plugins (workspace, package, spec, secret_set, etag, resource_generation) "+
		"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace, package) DO UPDATE SET spec = excluded.spec, "+
		"secret_set = excluded.secret_set, etag = excluded.etag, resource_generation = excluded.resource_generation",
		tx.workspace, name, spec, secretSet, contentTag(spec, secretSet), generation)
	if err != nil {
		return fmt.Errorf("write plugin %s of %s: %w", name, tx.workspace, err)
	}
	return nil
}

// DeletePlugin removes a plugin that has a resource of its own.
func (tx *Tx) DeletePlugin(ctx context.Context, name string) error {
	if _, err := tx.db.Exec(ctx, "DELETE FROM plugins WHERE workspace = $1 AND package = $2", tx.workspace, name); err != nil {
		return fmt.Errorf("delete plugin %s of %s: %w", name, tx.workspace, err)
	}
	return nil
}

// SetObserved keeps the newest generation whose verdict is known.
func (tx *Tx) SetObserved(ctx context.Context, generation int64) error {
	_, err := tx.db.Exec(ctx, "UPDATE instances SET observed_generation = greatest(observed_generation, $2) WHERE workspace = $1",
		tx.workspace, generation)
	if err != nil {
		return fmt.Errorf("write the observed generation of %s: %w", tx.workspace, err)
	}
	return nil
}

// SetConditions keeps what was observed.
func (s *Store) SetConditions(ctx context.Context, workspace string, conditions []orbit.Condition) error {
	_, err := s.db.Exec(ctx, "UPDATE instances SET conditions = $2 WHERE workspace = $1", workspace, conditions)
	if err != nil {
		return fmt.Errorf("write the conditions of %s: %w", workspace, err)
	}
	return nil
}

// SetRestoreFrom says from which clone the database has to be restored before anything boots; "" is none.
func (s *Store) SetRestoreFrom(ctx context.Context, workspace, clone string) error {
	if _, err := s.db.Exec(ctx, "UPDATE instances SET restore_from = $2 WHERE workspace = $1", workspace, clone); err != nil {
		return fmt.Errorf("note the clone of %s: %w", workspace, err)
	}
	return nil
}

// ClonesInUse returns the clones that databases have to be restored from.
func (q queries) ClonesInUse(ctx context.Context) ([]string, error) {
	type row struct{ RestoreFrom string }
	rows, err := collect[row](ctx, q.db, "the clones in use", "SELECT restore_from FROM instances WHERE restore_from <> ''")
	if err != nil {
		return nil, err
	}
	clones := make([]string, len(rows))
	for i, r := range rows {
		clones[i] = r.RestoreFrom
	}
	return clones, nil
}

// FreeUserID returns a user id between first and last, both included, that no instance has: the next after the one that
// was given out last, so that what a deleted instance left anywhere on the machine is not soon another's. An instance's
// row goes after its files, so an id is not given out again while those remain.
func (tx *Tx) FreeUserID(ctx context.Context, first, last int64) (int64, error) {
	var id int64
	err := tx.db.QueryRow(ctx, `WITH last AS (SELECT nextval('user_ids') AS n)
		SELECT id FROM last, generate_series($1::bigint, $2::bigint) AS id
		WHERE NOT EXISTS (SELECT FROM instances WHERE user_id = id)
		ORDER BY (id - $1 - n % ($2 - $1 + 1) + $2 - $1 + 1) % ($2 - $1 + 1) LIMIT 1`, first, last).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("all user ids from %d to %d are taken: widen the range with --first-user-id and --last-user-id", first, last)
	}
	if err != nil {
		return 0, fmt.Errorf("find a free user id between %d and %d: %w", first, last, err)
	}
	return id, nil
}

// contentTag is the ETag of a resource's own content.
func contentTag(spec any, secretSet int64) string {
	content, err := json.Marshal(struct {
		Spec    any
		Secrets int64
	}{spec, secretSet})
	if err != nil {
		panic(err) // a spec is a struct of strings, numbers and maps of them
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

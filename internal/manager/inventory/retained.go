package inventory

import (
	"context"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Databases tells about the workspaces' databases and their clones.
type Databases interface {
	Clones(ctx context.Context, workspace string) ([]postgres.Clone, error)
	CloneSize(ctx context.Context, clone string) (int64, error)
	SchemaSizes(ctx context.Context, workspace string, schemas []string) (map[string]int64, error)
}

// Retained returns what is kept of the instance's data beside its live database, or store.ErrNotFound.
func (v *Inventory) Retained(ctx context.Context, workspace string) (orbit.Retained, error) {
	retained := orbit.Retained{Clones: []orbit.DatabaseClone{}, Schemas: []orbit.RetainedSchema{}}
	if _, err := v.Store.Instance(ctx, workspace); err != nil {
		return retained, err
	}
	clones, err := v.Databases.Clones(ctx, workspace)
	if err != nil {
		return retained, err
	}
	for _, clone := range clones {
		size, err := v.Databases.CloneSize(ctx, clone.Name)
		if err != nil {
			return retained, err
		}
		retained.Clones = append(retained.Clones, orbit.DatabaseClone{
			Name: clone.Name, Why: clone.Why, SizeBytes: size, MadeAt: clone.MadeAt,
			ExpiresAt: clone.MadeAt.Add(rollout.CloneRetention),
		})
	}
	retained.Schemas, err = v.retainedSchemas(ctx, workspace, retained.Schemas)
	return retained, err
}

func (v *Inventory) retainedSchemas(ctx context.Context, workspace string, schemas []orbit.RetainedSchema) ([]orbit.RetainedSchema, error) {
	noted, err := v.Store.PluginSchemas(ctx, workspace)
	if err != nil {
		return schemas, err
	}
	var names []string
	for _, s := range noted {
		if s.RemovedAt == nil {
			continue
		}
		names = append(names, s.Schema)
		schemas = append(schemas, orbit.RetainedSchema{
			Schema: s.Schema, Package: s.Package, RemovedAt: *s.RemovedAt, ExpiresAt: s.RemovedAt.Add(rollout.SchemaRetention),
		})
	}
	if len(schemas) == 0 {
		return schemas, nil
	}
	sizes, err := v.Databases.SchemaSizes(ctx, workspace, names)
	if err != nil {
		return schemas, nil //nolint:nilerr // nobody can connect while the database is cloned; the list is true all the same
	}
	for i := range schemas {
		if size, found := sizes[schemas[i].Schema]; found {
			schemas[i].SizeBytes = &size
		}
	}
	return schemas, nil
}

package rollout

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// noteSchemas writes down, before a process is prepared that adds plugins, which schemas are not its own: those that are
// there, and those of the plugins that serve, which may be made at any moment. Should the process never serve, the
// others are dropped. An upgrade needs no note: its clone takes the database's place.
func (a *actor) noteSchemas(ctx context.Context, r rollout, given store.Given) error {
	if r.served == nil || r.decision.Impact == orbit.ImpactUpgrade || !adds(given.Packages(), r.served.Packages()) {
		return nil
	}
	before, err := a.Databases.Schemas(ctx, a.workspace)
	if err == nil && a.blue != nil {
		var serving map[string]string
		serving, err = a.Bundles.PluginIDs(a.blue.record.Bundle)
		for name, id := range serving {
			if id == "" {
				a.logger.InfoContext(ctx, "schemas cannot be told apart: a package that serves does not say which plugin it is",
					"rollout", r.id, "package", name)
				return nil
			}
			before = append(before, id)
		}
	}
	if err == nil {
		err = a.Store.SetSchemasBefore(ctx, a.workspace, before)
	}
	if err != nil && !store.Unavailable(err) {
		// What a failure may leave in the database is not worth failing for.
		a.logger.WarnContext(ctx, "should this rollout fail, the schemas it makes stay", "rollout", r.id, "error", err)
		return nil
	}
	return err
}

// adds says whether there is a package that was not there before.
func adds(packages, before map[string]string) bool {
	for name := range packages {
		if _, found := before[name]; !found {
			return true
		}
	}
	return false
}

// dropUnserved drops the schemas that a process made which never came to serve. It is idempotent. While such a process
// still ends, its schemas stay: its end wakes the actor.
func (a *actor) dropUnserved(ctx context.Context) error {
	instance, err := a.Store.Instance(ctx, a.workspace)
	if err != nil || instance.SchemasBefore == nil {
		return err
	}
	processes, err := a.Store.Processes(ctx, a.workspace)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(processes, func(p store.Process) bool { return p.Role == store.RoleStarting }) {
		return nil
	}
	schemas, err := a.Databases.Schemas(ctx, a.workspace)
	if err != nil {
		return err
	}
	made := slices.DeleteFunc(schemas, func(name string) bool { return slices.Contains(instance.SchemasBefore, name) })
	for _, name := range made {
		if err := a.Databases.DropSchema(ctx, a.workspace, name); err != nil {
			return err
		}
	}
	if err := a.Store.ForgetSchemasBefore(ctx, a.workspace); err != nil {
		return err
	}
	if len(made) > 0 {
		a.event(ctx, "Normal", "SchemasDropped", "what plugins that were not added left in the database is dropped: "+strings.Join(made, ", "), "")
	}
	return nil
}

// keepSchemas brings what is noted of the plugins' schemas to what serves: those of added plugins are in use, and those
// of plugins that serve no more are kept for SchemaRetention. It is idempotent, and once for a process is enough.
func (a *actor) keepSchemas(ctx context.Context) {
	if a.blue == nil || a.kept == a.blue.record.ID {
		return
	}
	removed, err := a.noteServing(ctx)
	if err != nil {
		a.logger.WarnContext(ctx, "which schemas are in use is not noted; until it is, none is dropped", "error", err)
		return
	}
	a.kept = a.blue.record.ID
	for _, s := range removed {
		a.event(ctx, "Normal", "SchemaRetained", fmt.Sprintf("the schema %s of the removed plugin %s is kept until %s",
			s.Schema, s.Package, s.RemovedAt.Add(SchemaRetention).UTC().Format(time.RFC3339)), "")
	}
}

// noteServing does so and returns the schemas of the plugins that were found removed.
func (a *actor) noteServing(ctx context.Context) ([]store.PluginSchema, error) {
	ids, err := a.Bundles.PluginIDs(a.blue.record.Bundle)
	if err != nil {
		return nil, err
	}
	noted, err := a.Store.PluginSchemas(ctx, a.workspace)
	if err != nil {
		return nil, err
	}
	serving := slices.Collect(maps.Values(ids))
	noted = slices.DeleteFunc(noted, func(s store.PluginSchema) bool {
		return s.RemovedAt != nil && !slices.Contains(serving, s.Schema) // kept already
	})
	added := a.blue.record.Given.Packages()
	maps.DeleteFunc(ids, func(name, id string) bool { return id == "" || added[name] == "" })
	gone := func(s store.PluginSchema) bool { return !slices.Contains(serving, s.Schema) }
	var there []string
	if slices.ContainsFunc(noted, gone) {
		if there, err = a.Databases.Schemas(ctx, a.workspace); err != nil {
			return nil, err
		}
	}
	var removed []store.PluginSchema
	now := time.Now()
	err = a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error {
		for _, s := range noted {
			if gone(s) && slices.Contains(there, s.Schema) {
				s.RemovedAt = &now
				removed = append(removed, s)
				if err := tx.RetainSchema(ctx, s.Schema, now); err != nil {
					return err
				}
				continue
			}
			if err := tx.ForgetSchema(ctx, s.Schema); err != nil { // what is in use is noted anew
				return err
			}
		}
		for name, id := range ids {
			if err := tx.UseSchema(ctx, id, name); err != nil {
				return err
			}
		}
		return nil
	})
	return removed, err
}

// dropOldSchemas drops the schemas of plugins that were removed SchemaRetention ago. What is declared serves, so that no
// plugin can be on its way back to one of them; where more is stored for a restart, one may be, and nothing is dropped.
func (a *actor) dropOldSchemas(ctx context.Context, r rollout) error {
	if r.waiting != "" || a.kept != a.blue.record.ID {
		return nil // or what serves is not known to leave them alone
	}
	noted, err := a.Store.PluginSchemas(ctx, a.workspace)
	if err != nil {
		return err
	}
	for _, s := range noted {
		if s.RemovedAt == nil || time.Since(*s.RemovedAt) < SchemaRetention {
			continue
		}
		if err := a.Databases.DropSchema(ctx, a.workspace, s.Schema); err != nil {
			return err
		}
		err := a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error { return tx.ForgetSchema(ctx, s.Schema) })
		if err != nil {
			return err
		}
		a.event(ctx, "Normal", "SchemaDropped", fmt.Sprintf("the schema %s of plugin %s, which was removed at %s, is dropped",
			s.Schema, s.Package, s.RemovedAt.UTC().Format(time.RFC3339)), "")
	}
	return nil
}

package admission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// PutPlugin creates or updates a plugin that has a resource of its own.
func (a *Admission) PutPlugin(ctx context.Context, workspace, name string, write orbit.PluginWrite, p Precondition) (orbit.Change, error) {
	write.ResolvedVersion, write.Frontend = "", false
	r := request{Precondition: p, WriteOptions: write.WriteOptions, hash: requestHash(workspace, name, write)}
	found := append(declare.Plugin(name, write.PluginSpec, nil), checkSecretNames(write.Secrets)...)
	if err := refuse("plugin "+name, found); err != nil {
		return orbit.Change{}, err
	}
	instance, err := a.Store.Instance(ctx, workspace)
	if errors.Is(err, store.ErrNotFound) {
		return orbit.Change{}, &orbit.Problem{
			Code: orbit.CodeNotFound, Title: "No instance in workspace " + workspace,
			Detail: "a plugin needs an instance: declare orbit_backstage_instance for the workspace and refer to it, " +
				"workspace = orbit_backstage_instance.<name>.workspace, so that it is created first",
		}
	}
	if err != nil {
		return orbit.Change{}, err
	}
	resolved, err := a.resolveAll(ctx, workspace, map[string]orbit.PluginSpec{name: write.PluginSpec})
	if err != nil {
		return orbit.Change{}, err
	}
	write.PluginSpec = resolved[name]
	r.warnings, err = a.checkRegistry(ctx, workspace, instance.Spec.Release, exactVersions(resolved))
	if err != nil {
		return orbit.Change{}, err
	}
	return a.accept(ctx, workspace, r, func(tx *store.Tx) (store.Change, error) {
		return a.setPlugin(ctx, tx, workspace, name, write, p)
	})
}

func (a *Admission) setPlugin(ctx context.Context, tx *store.Tx, workspace, name string, write orbit.PluginWrite, p Precondition) (store.Change, error) {
	instance, err := tx.Instance(ctx, workspace)
	if err != nil {
		return store.Change{}, err
	}
	if err := notDeleting(instance); err != nil {
		return store.Change{}, err
	}
	if _, owned := instance.Spec.Plugins[name]; owned {
		return store.Change{}, &orbit.Problem{
			Code: orbit.CodePluginOwned, Title: "Plugin " + name + " is declared twice", Plugin: name,
			Detail: fmt.Sprintf("the instance of workspace %s declares it in its own plugins (orbit_backstage_instance, id %s) and "+
				"now a plugin of its own does too; remove one of the two", workspace, workspace),
		}
	}
	operation, tag, secretSet := orbit.OperationUpdate, "", int64(0)
	var previous *store.Previous
	current, err := tx.Plugin(ctx, workspace, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		operation = orbit.OperationCreate
	case err != nil:
		return store.Change{}, err
	default:
		tag, secretSet = current.ETag, current.SecretSet
		previous = &store.Previous{Plugin: &current.Spec, SecretSet: secretSet, ResourceGeneration: current.ResourceGeneration}
	}
	importCommand := fmt.Sprintf("terraform import orbit_backstage_plugin.<name> %s/%s", workspace, name)
	if err := p.check("plugin "+name+" of workspace "+workspace, importCommand, tag); err != nil {
		return store.Change{}, err
	}
	before, err := tx.Declared(ctx, workspace)
	if err != nil {
		return store.Change{}, err
	}
	generation, err := tx.NextGeneration(ctx)
	if err != nil {
		return store.Change{}, err
	}
	change := newChange(workspace, name, operation, generation)
	change.Previous = previous
	if write.Secrets != nil {
		if secretSet, err = a.Vault.PutSecrets(ctx, tx, workspace, write.Secrets, secretSet, generation); err != nil {
			return store.Change{}, err
		}
	}
	if err := tx.SetPlugin(ctx, name, write.PluginSpec, secretSet, generation); err != nil {
		return store.Change{}, err
	}
	return a.decided(ctx, tx, change, before, write.MaxImpact)
}

// DeletePlugin removes a plugin that has a resource of its own. The change is applied when it is recorded: the rollout
// without the plugin follows, unless the instance goes too.
func (a *Admission) DeletePlugin(ctx context.Context, workspace, name string, p Precondition) (orbit.Change, error) {
	return a.transact(ctx, workspace, a.Wake, func(tx *store.Tx) (store.Change, error) {
		current, err := tx.Plugin(ctx, workspace, name)
		if err != nil {
			return store.Change{}, err
		}
		if p.misses(current.ETag) {
			return store.Change{}, p.check("plugin "+name+" of workspace "+workspace, "", current.ETag)
		}
		instance, err := tx.Instance(ctx, workspace)
		if err != nil {
			return store.Change{}, err
		}
		before, err := state(ctx, tx, workspace)
		if err != nil {
			return store.Change{}, err
		}
		generation, err := tx.NextGeneration(ctx)
		if err != nil {
			return store.Change{}, err
		}
		if err := tx.DeletePlugin(ctx, name); err != nil {
			return store.Change{}, err
		}
		after, err := state(ctx, tx, workspace)
		if err != nil {
			return store.Change{}, err
		}
		change := newChange(workspace, name, orbit.OperationDelete, generation)
		policy := instance.Spec.RestartPolicy
		decision, err := cost(instance.Served, policy, policy, before, after)
		if err != nil {
			return store.Change{}, err
		}
		change.Impact, change.Reasons = decision.Impact, decision.Reasons
		if !instance.Deleting {
			if err := withinPolicy(workspace, policy, decision); err != nil {
				return store.Change{}, err
			}
			change.PendingRestart = change.Impact.Interrupts() && !policy.Automatic()
		}
		now := time.Now()
		change.State, change.FinishedAt, change.Deadline = orbit.ChangeApplied, &now, now
		return change, tx.PutChange(ctx, change)
	})
}

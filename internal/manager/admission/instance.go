package admission

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// PutInstance creates or updates a workspace's instance.
func (a *Admission) PutInstance(ctx context.Context, workspace string, write orbit.InstanceWrite, p Precondition) (orbit.Change, error) {
	write.Plugins = unresolved(write.Plugins)
	r := request{Precondition: p, WriteOptions: write.WriteOptions, hash: requestHash(workspace, "", write)}
	found := append(checkInstance(workspace, write.InstanceSpec), checkSecretNames(write.Secrets)...)
	if err := refuse("instance "+workspace, found); err != nil {
		return orbit.Change{}, err
	}
	// The registry is asked before the transaction, which is not to last.
	var err error
	if write.Plugins, err = a.resolveAll(ctx, workspace, write.Plugins); err != nil {
		return orbit.Change{}, err
	}
	if r.warnings, err = a.checkRegistry(ctx, workspace, write.Release, exactVersions(write.Plugins)); err != nil {
		return orbit.Change{}, err
	}
	return a.accept(ctx, workspace, r, func(tx *store.Tx) (store.Change, error) {
		current, err := tx.Instance(ctx, workspace)
		if errors.Is(err, store.ErrNotFound) {
			return a.createInstance(ctx, tx, workspace, write, p)
		}
		if err != nil {
			return store.Change{}, err
		}
		return a.updateInstance(ctx, tx, current, write, p)
	})
}

func (a *Admission) createInstance(ctx context.Context, tx *store.Tx, workspace string, write orbit.InstanceWrite, p Precondition) (store.Change, error) {
	if err := p.check("instance "+workspace, importInstance(workspace), ""); err != nil {
		return store.Change{}, err
	}
	var userID *int64
	if a.FirstUserID > 0 {
		id, err := tx.FreeUserID(ctx, a.FirstUserID, a.LastUserID)
		if err != nil {
			return store.Change{}, err
		}
		userID = &id
	}
	if err := tx.CreateInstance(ctx, write.InstanceSpec, userID); err != nil {
		return store.Change{}, err
	}
	change := newChange(workspace, "", orbit.OperationCreate, 1)
	if err := a.setInstance(ctx, tx, workspace, write, 0, 1); err != nil {
		return store.Change{}, err
	}
	return a.decided(ctx, tx, change, store.Given{}, write.MaxImpact)
}

func (a *Admission) updateInstance(ctx context.Context, tx *store.Tx, current store.Instance, write orbit.InstanceWrite, p Precondition) (store.Change, error) {
	workspace := current.Workspace
	if err := notDeleting(current); err != nil {
		return store.Change{}, err
	}
	if err := p.check("instance "+workspace, importInstance(workspace), current.ETag); err != nil {
		return store.Change{}, err
	}
	before, err := tx.Declared(ctx, workspace)
	if err != nil {
		return store.Change{}, err
	}
	if err := unowned(ctx, tx, workspace, write.Plugins); err != nil {
		return store.Change{}, err
	}
	generation, err := tx.NextGeneration(ctx)
	if err != nil {
		return store.Change{}, err
	}
	change := newChange(workspace, "", orbit.OperationUpdate, generation)
	change.Previous = &store.Previous{
		Instance: &current.Spec, SecretSet: current.SecretSet, ResourceGeneration: current.ResourceGeneration,
	}
	if err := a.setInstance(ctx, tx, workspace, write, current.SecretSet, generation); err != nil {
		return store.Change{}, err
	}
	return a.decided(ctx, tx, change, before, write.MaxImpact)
}

// setInstance writes what is declared. Secrets that the write does not bring stay as they are.
func (a *Admission) setInstance(ctx context.Context, tx *store.Tx, workspace string, write orbit.InstanceWrite, secretSet, generation int64) error {
	if err := a.claimHost(ctx, tx, workspace, write.InstanceSpec); err != nil {
		return err
	}
	if write.Secrets != nil {
		var err error
		secretSet, err = a.Vault.PutSecrets(ctx, tx, workspace, write.Secrets, secretSet, generation)
		if err != nil {
			return err
		}
	}
	return tx.SetInstance(ctx, write.InstanceSpec, secretSet, generation)
}

// DeleteInstance begins to delete an instance and its database.
func (a *Admission) DeleteInstance(ctx context.Context, workspace string, p Precondition) (orbit.Change, error) {
	return a.transact(ctx, workspace, a.Interrupt, func(tx *store.Tx) (store.Change, error) {
		current, err := tx.Instance(ctx, workspace)
		if err != nil {
			return store.Change{}, err
		}
		if current.Deleting {
			return pendingDeletion(ctx, tx, workspace)
		}
		if p.misses(current.ETag) {
			return store.Change{}, p.check("instance "+workspace, "", current.ETag)
		}
		if current.Spec.DeletionProtection {
			return store.Change{}, &orbit.Problem{
				Code: orbit.CodeDeletionProtect, Title: "Instance " + workspace + " is protected from deletion",
				Detail: "deleting it drops its database; set deletion_protection to false first, then delete it",
			}
		}
		generation, err := tx.NextGeneration(ctx)
		if err != nil {
			return store.Change{}, err
		}
		change := newChange(workspace, "", orbit.OperationDelete, generation)
		change.Deadline = deadline(orbit.WriteOptions{})
		if err := tx.SetDeleting(ctx); err != nil {
			return store.Change{}, err
		}
		return change, tx.PutChange(ctx, change)
	})
}

// pendingDeletion is the change that is deleting the instance already.
func pendingDeletion(ctx context.Context, tx *store.Tx, workspace string) (store.Change, error) {
	changes, err := tx.PendingChanges(ctx, workspace)
	if err != nil {
		return store.Change{}, err
	}
	for _, c := range changes {
		if c.Plugin == "" && c.Operation == orbit.OperationDelete {
			return c, nil
		}
	}
	// The first boot failed and cleaning up after it did too; this deletion is the one that is told when it is done.
	generation, err := tx.NextGeneration(ctx)
	if err != nil {
		return store.Change{}, err
	}
	change := newChange(workspace, "", orbit.OperationDelete, generation)
	change.Deadline = deadline(orbit.WriteOptions{})
	return change, tx.PutChange(ctx, change)
}

func notDeleting(current store.Instance) error {
	if !current.Deleting {
		return nil
	}
	return &orbit.Problem{
		Code: orbit.CodeDeleting, Title: "Instance " + current.Workspace + " is being deleted",
		Detail: "wait until it is gone, then create it again",
	}
}

// unowned refuses plugins that have a resource of their own already.
func unowned(ctx context.Context, tx *store.Tx, workspace string, plugins map[string]orbit.PluginSpec) error {
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		_, err := tx.Plugin(ctx, workspace, name)
		if err == nil {
			return &orbit.Problem{
				Code: orbit.CodePluginOwned, Title: "Plugin " + name + " is declared twice", Plugin: name, Pointer: "/plugins",
				Detail: fmt.Sprintf("workspace %s has it as a plugin of its own (orbit_backstage_plugin, id %s/%s) and now in the "+
					"instance's plugins too; remove one of the two", workspace, workspace, name),
			}
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

func importInstance(workspace string) string {
	return "terraform import orbit_backstage_instance.<name> " + workspace
}

// requestHash tells whether two requests ask for the same. The values of secrets are no part of it: a digest of a short
// one would give it away.
func requestHash(workspace, plugin string, write any) string {
	switch w := write.(type) {
	case orbit.InstanceWrite:
		w.Secrets = withoutValues(w.Secrets)
		write = w
	case orbit.PluginWrite:
		w.Secrets = withoutValues(w.Secrets)
		write = w
	}
	body, err := json.Marshal([]any{workspace, plugin, write})
	if err != nil {
		panic(err) // a write is made of strings, numbers and maps of them
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// withoutValues are the names of secrets alone.
func withoutValues(secrets map[string]string) map[string]string {
	names := maps.Clone(secrets)
	for name := range names {
		names[name] = ""
	}
	return names
}

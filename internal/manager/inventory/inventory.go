// Package inventory answers what is declared and what is observed: the read side of the API.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vetting"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Inventory reads. All methods may be called concurrently.
type Inventory struct {
	Store      *store.Store
	Supervisor *rollout.Supervisor
	Runtime    runtime.Runtime
	Vault      *vault.Vault
	Vetting    vetting.Vetting
	Databases  Databases
	// URL gives the address at which people open a workspace's instance.
	URL func(workspace string) string
	// Carried are the releases that this orbitd carries, newest first.
	Carried []orbit.Release
	// Packages tell about what can be added to instances.
	Packages Packages
}

// Packages tell about npm packages.
type Packages interface {
	// Package returns what is known about a package, or an *orbit.Problem.
	Package(ctx context.Context, name string, question orbit.PackageQuestion) (orbit.Package, error)
}

// Instance returns an instance with its status, or store.ErrNotFound.
func (v *Inventory) Instance(ctx context.Context, workspace string) (orbit.Instance, error) {
	row, err := v.Store.Instance(ctx, workspace)
	if err != nil {
		return orbit.Instance{}, err
	}
	return v.instance(ctx, row)
}

// Instances returns at most limit instances whose workspace comes after the given one, in order.
func (v *Inventory) Instances(ctx context.Context, after string, limit int) ([]orbit.Instance, error) {
	rows, err := v.Store.Instances(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	instances := make([]orbit.Instance, len(rows))
	for i, row := range rows {
		if instances[i], err = v.instance(ctx, row); err != nil {
			return nil, err
		}
	}
	return instances, nil
}

func (v *Inventory) instance(ctx context.Context, row store.Instance) (orbit.Instance, error) {
	names, err := v.secretNames(ctx, row.Workspace, row.SecretSet)
	if err != nil {
		return orbit.Instance{}, err
	}
	status := v.Supervisor.Status(ctx, row)
	if status.PendingReasons, err = v.pending(ctx, row); err != nil {
		return orbit.Instance{}, err
	}
	status.PendingRestart = len(status.PendingReasons) > 0
	shown, err := v.shown(ctx, row.Workspace)
	if err != nil {
		return orbit.Instance{}, err
	}
	url := v.URL(row.Workspace)
	return orbit.Instance{
		Workspace: row.Workspace, InstanceSpec: shown.Spec, SecretNames: names, URL: url, APIURL: url + "/api",
		DatabaseName: postgres.DatabaseName(row.Workspace), ETag: row.ETag, Generation: row.Generation,
		CreatedAt: row.CreatedAt, Status: status,
	}, nil
}

// shown is what is declared about the workspace as people may see it.
func (v *Inventory) shown(ctx context.Context, workspace string) (store.Given, error) {
	declared, err := v.Store.Declared(ctx, workspace)
	if err != nil {
		return store.Given{}, err
	}
	return v.Vetting.Masked(declared), nil
}

// pending says why stored changes wait for a restart; nothing where the instance's policy rolls them out.
func (v *Inventory) pending(ctx context.Context, row store.Instance) ([]orbit.Reason, error) {
	if row.Served == nil || row.Spec.RestartPolicy.Automatic() {
		return nil, nil
	}
	declared, err := v.Store.Declared(ctx, row.Workspace)
	if err != nil {
		return nil, err
	}
	return rollout.PendingRestart(*row.Served, declared)
}

// Plugin returns a plugin, whichever resource declared it, or store.ErrNotFound.
func (v *Inventory) Plugin(ctx context.Context, workspace, name string) (orbit.Plugin, error) {
	shown, err := v.shown(ctx, workspace)
	if err != nil {
		return orbit.Plugin{}, err
	}
	row, err := v.Store.Plugin(ctx, workspace, name)
	if _, declared := shown.Plugins[name]; err == nil && declared {
		return ownPlugin(row, shown), nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return orbit.Plugin{}, err
	}
	instance, instanceErr := v.Store.Instance(ctx, workspace)
	if instanceErr != nil {
		return orbit.Plugin{}, instanceErr
	}
	spec, found := shown.Spec.Plugins[name]
	if !found {
		return orbit.Plugin{}, store.ErrNotFound
	}
	return instancesPlugin(instance, name, spec), nil
}

// Plugins returns at most limit plugins of the workspace whose name comes after the given one, in order.
func (v *Inventory) Plugins(ctx context.Context, workspace, after string, limit int) ([]orbit.Plugin, error) {
	instance, err := v.Store.Instance(ctx, workspace)
	if err != nil {
		return nil, err
	}
	rows, err := v.Store.Plugins(ctx, workspace)
	if err != nil {
		return nil, err
	}
	shown, err := v.shown(ctx, workspace)
	if err != nil {
		return nil, err
	}
	plugins := make(map[string]orbit.Plugin, len(rows)+len(instance.Spec.Plugins))
	for name, spec := range shown.Spec.Plugins {
		plugins[name] = instancesPlugin(instance, name, spec)
	}
	for _, row := range rows {
		if _, declared := shown.Plugins[row.Package]; declared {
			plugins[row.Package] = ownPlugin(row, shown)
		}
	}
	var page []orbit.Plugin
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		if name > after && len(page) < limit {
			page = append(page, plugins[name])
		}
	}
	return page, nil
}

func ownPlugin(row store.Plugin, shown store.Given) orbit.Plugin {
	return orbit.Plugin{
		Workspace: row.Workspace, Package: row.Package, PluginSpec: shown.Plugins[row.Package],
		SecretNames: shown.PluginSecretNames()[row.Package], Owner: orbit.OwnerPlugin, ETag: row.ETag,
		Generation: row.ResourceGeneration, CreatedAt: row.CreatedAt,
	}
}

// secretNames are the names of a set's secrets, sorted and not nil.
func (v *Inventory) secretNames(ctx context.Context, workspace string, set int64) ([]string, error) {
	secrets, err := v.Store.Secrets(ctx, workspace, set)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(secrets))
	for i, s := range secrets {
		names[i] = s.Name
	}
	return names, nil
}

func instancesPlugin(instance store.Instance, name string, spec orbit.PluginSpec) orbit.Plugin {
	return orbit.Plugin{
		Workspace: instance.Workspace, Package: name, PluginSpec: spec, Owner: orbit.OwnerInstance, ETag: instance.ETag,
		Generation: instance.ResourceGeneration, CreatedAt: instance.CreatedAt,
	}
}

// Change returns a change when its fate is known or ctx is done, whichever comes first.
func (v *Inventory) Change(ctx context.Context, id string) (orbit.Change, error) {
	change, err := v.Supervisor.WaitFate(ctx, id)
	return change.Change, err
}

// Events returns at most limit of the workspace's events whose id is above after, oldest first.
func (v *Inventory) Events(ctx context.Context, workspace string, after int64, limit int) ([]orbit.Event, error) {
	return v.Store.Events(ctx, workspace, after, limit)
}

// Logs returns at most n of the newest lines of the instance's log, with its secrets masked.
func (v *Inventory) Logs(ctx context.Context, workspace string, n int) ([]string, error) {
	masker, err := v.Masker(ctx, workspace)
	if err != nil {
		return nil, err
	}
	lines, err := v.Runtime.Logs(ctx, workspace, n)
	if err != nil {
		return nil, fmt.Errorf("read the log of workspace %s: %w", workspace, err)
	}
	return masker.MaskLines(lines), nil
}

// Masker takes the secrets of the workspace's instance out of what it said.
func (v *Inventory) Masker(ctx context.Context, workspace string) (*secret.Masker, error) {
	values, err := v.Vault.Values(ctx, workspace)
	if err != nil {
		return nil, err
	}
	declared, err := v.Store.Declared(ctx, workspace)
	if err != nil {
		return nil, err
	}
	return secret.NewMasker(append(values, v.Vetting.Literals(declared)...)), nil
}

// Releases returns the releases that instances can run, newest first.
func (v *Inventory) Releases() []orbit.Release { return v.Carried }

// Package returns what is known about an npm package.
func (v *Inventory) Package(ctx context.Context, name string, question orbit.PackageQuestion) (orbit.Package, error) {
	return v.Packages.Package(ctx, name, question)
}

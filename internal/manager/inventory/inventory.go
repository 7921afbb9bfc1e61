// Package inventory answers what is declared and what is observed: the read side of the API.
package inventory

import (
	"context"
	"fmt"

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
	// URL gives the address at which people open a workspace's instance that has the base URL; "" is none.
	URL func(workspace, baseURL string) string
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

// Change returns a change when its fate is known or ctx is done, whichever comes first.
func (v *Inventory) Change(ctx context.Context, id string) (orbit.Change, error) {
	change, err := v.Supervisor.WaitFate(ctx, id)
	return change.Change, err
}

// Changes returns at most limit of the workspace's changes whose id is below before, newest first; "" is all.
func (v *Inventory) Changes(ctx context.Context, workspace, before string, limit int) ([]orbit.Change, error) {
	return v.Store.Changes(ctx, workspace, before, limit)
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

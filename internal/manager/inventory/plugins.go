package inventory

import (
	"context"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Plugin returns a plugin, whichever resource declared it, or store.ErrNotFound.
func (v *Inventory) Plugin(ctx context.Context, workspace, name string) (orbit.Plugin, error) {
	all, err := v.allPlugins(ctx, workspace)
	if err != nil {
		return orbit.Plugin{}, err
	}
	i := slices.IndexFunc(all, func(p orbit.Plugin) bool { return p.Package == name })
	if i < 0 {
		return orbit.Plugin{}, store.ErrNotFound
	}
	return all[i], nil
}

// Plugins returns at most limit plugins of the workspace whose name comes after the given one, in order.
func (v *Inventory) Plugins(ctx context.Context, workspace, after string, limit int) ([]orbit.Plugin, error) {
	all, err := v.allPlugins(ctx, workspace)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p orbit.Plugin) bool { return p.Package <= after })
	return all[:min(limit, len(all))], nil
}

func (v *Inventory) allPlugins(ctx context.Context, workspace string) ([]orbit.Plugin, error) {
	seen, err := v.Store.Look(ctx, workspace)
	if err != nil {
		return nil, err
	}
	return plugins(seen, v.Vetting.Masked(seen.Declared)), nil
}

// plugins are all that were seen, whoever declared them, by package and not nil.
func plugins(seen store.Seen, shown store.Given) []orbit.Plugin {
	all := make([]orbit.Plugin, 0, len(seen.Plugins)+len(shown.Spec.Plugins))
	for name, spec := range shown.Spec.Plugins {
		all = append(all, orbit.Plugin{
			Workspace: seen.Instance.Workspace, Package: name, PluginSpec: spec, Owner: orbit.OwnerInstance,
			ETag: seen.Instance.ETag, Generation: seen.Instance.ResourceGeneration, CreatedAt: seen.Instance.CreatedAt,
		})
	}
	names := shown.PluginSecretNames()
	for _, row := range seen.Plugins {
		all = append(all, orbit.Plugin{
			Workspace: row.Workspace, Package: row.Package, PluginSpec: shown.Plugins[row.Package],
			SecretNames: names[row.Package], Owner: orbit.OwnerPlugin, ETag: row.ETag,
			Generation: row.ResourceGeneration, CreatedAt: row.CreatedAt,
		})
	}
	slices.SortFunc(all, func(a, b orbit.Plugin) int { return strings.Compare(a.Package, b.Package) })
	return all
}

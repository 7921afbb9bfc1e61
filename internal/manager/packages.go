package manager

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/schemas"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// packages joins the releases that orbitd carries with the store that installs them and the registry they come from.
type packages struct {
	store    *bundle.Store
	registry *registry.Registry
	schemas  *schemas.Keeper
	apps     *webapp.Builder
}

// openPackages opens the cache.
func openPackages(o Options, doing func(string)) (packages, error) {
	// npm would keep its compiled code in a folder of /tmp whose name anybody can guess, and make first.
	o.NPM.Env = append(slices.Clone(o.NPM.Env), "NODE_COMPILE_CACHE="+filepath.Join(o.CacheDir, "compiled"))
	store, err := bundle.NewStore(bundle.Options{
		Dir: o.CacheDir, NPM: o.NPM, MaxBytes: o.MaxPluginsBytes, Logger: o.Logger, Progress: doing,
	})
	if err != nil {
		return packages{}, err
	}
	policy, err := o.policy()
	if err != nil {
		return packages{}, err
	}
	asked, err := registry.New(registry.Options{
		Dir: filepath.Join(o.CacheDir, "metadata"), NPM: o.NPM, Bundles: store, Policy: policy,
		Node: backstage.Default().Node, MaxPackageSize: o.MaxPluginsBytes, Logger: o.Logger,
	})
	if err != nil {
		return packages{}, err
	}
	host, err := writeHost(o.CacheDir)
	if err != nil {
		return packages{}, err
	}
	kept, err := schemas.New(schemas.Options{
		Dir: filepath.Join(o.CacheDir, "schemas"), Host: host, Bundles: store, Fetch: asked.Files, Logger: o.Logger,
	})
	return packages{store, asked, kept, openApps(o, store)}, err
}

// Ensure installs the bundle of a release and plugins.
func (p packages) Ensure(ctx context.Context, version string, plugins map[string]string, progress func(string)) (bundle.Bundle, error) {
	release, err := find(version)
	if err != nil {
		return bundle.Bundle{}, err
	}
	return p.store.WithProgress(progress).Ensure(ctx, release, set(plugins))
}

// Installed is the bundle of a release and plugins, if it is installed already.
func (p packages) Installed(version string, plugins map[string]string) (bundle.Bundle, bool) {
	release, err := find(version)
	if err != nil {
		return bundle.Bundle{}, false
	}
	return p.store.Installed(release, set(plugins))
}

// PluginIDs reads which plugins an installed bundle has.
func (p packages) PluginIDs(hash string) (map[string]string, error) {
	installed, found := p.store.Find(hash)
	if !found {
		return nil, fmt.Errorf("bundle %s is not in the cache any more", hash)
	}
	return installed.PluginIDs()
}

// Alone asks the registry about each of the plugins by itself. Where the release is not known yet, "", it is the default
// one.
func (p packages) Alone(ctx context.Context, version string, plugins map[string]string) []orbit.Diagnostic {
	release, err := findOrDefault(version)
	if err != nil {
		return nil // the instance itself is refused for this
	}
	if found := inApp(version, plugins); len(found) > 0 {
		return found
	}
	return p.registry.CheckAlone(ctx, release, set(plugins))
}

// Together asks about all plugins of an instance together; added are those of them that are new.
func (p packages) Together(ctx context.Context, version string, all, added map[string]string) []orbit.Diagnostic {
	release, err := findOrDefault(version)
	if err != nil {
		return nil // the instance itself is refused for this
	}
	return p.registry.CheckSet(ctx, release, set(all), set(added))
}

// Schemas are the config schemas of the release and the plugins.
func (p packages) Schemas(ctx context.Context, version string, plugins map[string]string) (configschema.Set, error) {
	release, err := find(version)
	if err != nil {
		return configschema.Set{}, err
	}
	return p.schemas.Of(ctx, release, set(plugins))
}

// KnownSchemas are the same where Schemas has found them before.
func (p packages) KnownSchemas(version string, plugins map[string]string) (configschema.Set, bool) {
	release, err := find(version)
	if err != nil {
		return configschema.Set{}, false
	}
	return p.schemas.Known(release, set(plugins))
}

// findOrDefault is find, with the default release where the instance's is not known yet.
func findOrDefault(version string) (bundle.Release, error) {
	return find(cmp.Or(version, backstage.Default().Version))
}

func find(version string) (bundle.Release, error) {
	release, found := backstage.Find(version)
	if !found {
		return bundle.Release{}, &orbit.Problem{
			Code: orbit.CodeUnknownRelease, Title: "Unknown release",
			Detail: fmt.Sprintf("this orbitd does not carry Backstage %s", version),
		}
	}
	return bundle.Release{Version: release.Version, Manifest: release.Manifest, Lockfile: release.Lockfile}, nil
}

func set(plugins map[string]string) []bundle.Plugin {
	list := make([]bundle.Plugin, 0, len(plugins))
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		list = append(list, bundle.Plugin{Package: name, Version: plugins[name]})
	}
	return list
}

// nothing stands for packages under a runtime that needs none.
type nothing struct {
	installed sync.Map // the hashes of bundles that were asked for
}

// Ensure names a bundle that has no folder.
func (n *nothing) Ensure(_ context.Context, version string, plugins map[string]string, _ func(string)) (bundle.Bundle, error) {
	b := named(version, plugins)
	n.installed.Store(b.Hash, true)
	return b, nil
}

// Installed says so of a bundle that was asked for before.
func (n *nothing) Installed(version string, plugins map[string]string) (bundle.Bundle, bool) {
	b := named(version, plugins)
	_, found := n.installed.Load(b.Hash)
	return b, found
}

// App is none.
func (*nothing) App(string, map[string]string) webapp.App { return webapp.App{} }

// FindApp finds none.
func (*nothing) FindApp(string) (webapp.App, bool) { return webapp.App{}, false }

// EnsureApp builds none.
func (*nothing) EnsureApp(context.Context, string, map[string]string, func(string)) (webapp.App, error) {
	return webapp.App{}, nil
}

// Hidden has nothing to hide.
func (*nothing) Hidden(string, map[string]string, map[string]string) []string { return nil }

func named(version string, plugins map[string]string) bundle.Bundle {
	names := []string{version}
	for _, plugin := range set(plugins) {
		names = append(names, plugin.String())
	}
	return bundle.Bundle{Hash: strings.Join(names, " ")}
}

// CheckSet finds nothing wrong.
func (*nothing) CheckSet(context.Context, string, map[string]string, map[string]string) []orbit.Diagnostic {
	return nil
}

// PluginIDs goes by Backstage's rule for the names of packages; one that does not follow it says nothing.
func (*nothing) PluginIDs(hash string) (map[string]string, error) {
	ids := map[string]string{"@backstage/plugin-catalog-backend": "catalog"}
	for _, plugin := range strings.Fields(hash)[1:] {
		name := plugin[:strings.LastIndexByte(plugin, '@')]
		_, id, _ := strings.Cut(name, "plugin-")
		if id, backend := strings.CutSuffix(id, "-backend"); backend {
			ids[name] = id
		} else if !strings.Contains(id, "-backend-module-") {
			ids[name] = ""
		}
	}
	return ids, nil
}

// policed adds orbitd's lists of packages to a registry that does not know them.
type policed struct {
	Registry
	policy registry.Policy
}

// Alone finds the plugins that may not be added, and asks about the others.
func (p policed) Alone(ctx context.Context, release string, plugins map[string]string) []orbit.Diagnostic {
	found := p.policy.Diagnose(set(plugins))
	if orbit.HasErrors(found) {
		return found
	}
	return p.Registry.Alone(ctx, release, plugins)
}

// releases are what GET /v1/releases lists.
func releases() []orbit.Release {
	carried := backstage.Releases()
	list := make([]orbit.Release, len(carried))
	for i, r := range carried {
		list[i] = orbit.Release{
			Version: r.Version, Node: r.Node, Postgres: r.Postgres, Default: i == 0, Packages: r.Packages,
		}
	}
	return list
}

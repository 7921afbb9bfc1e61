package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/schemas"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// demands knows what the config schemas of packages demand.
type demands struct {
	release bundle.Release
	schemas *schemas.Keeper
}

// openDemands works with the cache of this user's orbitds; host is a folder for the program that reads schemas.
func openDemands(release backstage.Release, host string) (demands, error) {
	cache, err := bundle.DefaultDir()
	if err != nil {
		return demands{}, err
	}
	cache = cmp.Or(os.Getenv("ORBIT_CACHE_DIR"), cache)
	store, err := bundle.NewStore(bundle.Options{Dir: cache})
	if err != nil {
		return demands{}, err
	}
	asked, err := registry.New(registry.Options{Dir: filepath.Join(cache, "metadata"), Bundles: store})
	if err != nil {
		return demands{}, err
	}
	if err := os.CopyFS(host, backstage.Host()); err != nil && !errors.Is(err, fs.ErrExist) {
		return demands{}, fmt.Errorf("write the program that reads schemas: %w", err)
	}
	keeper, err := schemas.New(schemas.Options{Dir: filepath.Join(cache, "schemas"), Host: host, Bundles: store, Fetch: asked.Files})
	return demands{bundle.Release{Version: release.Version, Manifest: release.Manifest, Lockfile: release.Lockfile}, keeper}, err
}

// of is the smallest document that the schemas take with the plugins. A set whose schemas cannot be had demands nothing:
// booting it tells more.
func (d demands) of(ctx context.Context, plugins map[string]orbit.PluginSpec) appconfig.Document {
	set := make([]bundle.Plugin, 0, len(plugins))
	for name, spec := range plugins {
		set = append(set, bundle.Plugin{Package: name, Version: spec.Version})
	}
	known, err := d.schemas.Of(ctx, d.release, set)
	if err != nil {
		fmt.Printf("  the config schemas cannot be had: %v\n", err)
		return appconfig.Document{}
	}
	smallest, _ := known.Smallest()
	return smallest
}

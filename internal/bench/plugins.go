package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

// tenRealPlugins go together with the release, and with each other.
var tenRealPlugins = []bundle.Plugin{
	{Package: "@backstage-community/plugin-badges-backend", Version: "0.27.0"},
	{Package: "@backstage-community/plugin-jenkins-backend", Version: "0.31.0"},
	{Package: "@backstage-community/plugin-sonarqube-backend", Version: "1.2.0"},
	{Package: "@backstage-community/plugin-tech-insights-backend", Version: "3.1.0"},
	{Package: "@backstage-community/plugin-todo-backend", Version: "0.25.0"},
	{Package: "@backstage/plugin-catalog-backend-module-github", Version: "0.14.0"},
	{Package: "@backstage/plugin-catalog-backend-module-gitlab", Version: "0.8.8"},
	{Package: "@backstage/plugin-catalog-backend-module-unprocessed", Version: "0.6.16"},
	{Package: "@backstage/plugin-scaffolder-backend-module-github", Version: "0.10.0"},
	{Package: "@roadiehq/backstage-plugin-argo-cd-backend", Version: "4.8.0"},
}

const (
	tenantsOfSets = 100
	distinctSets  = 5
)

// benchPlugins measures resolving and installing sets of plugins on an installed release. npm's own cache is as it is: of
// orbitd's, nothing but the release is there.
func benchPlugins(ctx context.Context, b *bench) error {
	programs, err := b.installed(ctx)
	if err != nil {
		return err
	}
	cache := filepath.Join(b.dir, "plugins")
	store, err := borrow(cache, programs.bundle)
	if err != nil {
		return err
	}
	release := backstage.Default()
	s := sets{store, bundle.Release{Version: release.Version, Manifest: release.Manifest, Lockfile: release.Lockfile}, cache}
	b.say("plugins: resolving ten")
	byNPM, err := s.resolveByNPM(ctx, filepath.Join(b.dir, "npm"), filepath.Dir(bundle.Node(programs.bundle)))
	if err != nil {
		return err
	}
	var lock bundle.Lock
	resolve := func() (err error) {
		lock, err = store.Resolve(ctx, s.release, tenRealPlugins)
		return err
	}
	cold, err := timed(resolve)
	if err != nil {
		return err
	}
	warm, err := timed(resolve)
	if err != nil {
		return err
	}
	b.say("plugins: installing the %d packages that they bring", len(lock.Added()))
	ensure := func() error {
		_, err := store.Ensure(ctx, s.release, tenRealPlugins)
		return err
	}
	built, err := timed(ensure)
	if err != nil {
		return err
	}
	again, err := timed(ensure)
	if err != nil {
		return err
	}
	b.add(
		figure{"resolve_ten_plugins_cold_s", cold, "s", "npm alone, without pins and checks", byNPM},
		figure{"resolve_ten_plugins_warm_s", warm, "s", "the first time", cold},
		figure{"install_ten_plugins_s", built, "s", "resolving them", cold},
		figure{"install_ten_plugins_for_second_workspace_s", again, "s", "for the first workspace", built},
	)
	return s.share(ctx, b)
}

// sets installs sets of plugins in a cache of its own.
type sets struct {
	store   *bundle.Store
	release bundle.Release
	cache   string
}

// borrow opens a cache that has an installed release of another, and nothing else.
func borrow(cache, installed string) (*bundle.Store, error) {
	store, err := bundle.NewStore(bundle.Options{Dir: cache})
	if err != nil {
		return nil, err
	}
	return store, os.Symlink(installed, filepath.Join(cache, "bundles", filepath.Base(installed)))
}

// resolveByNPM is how long npm takes for the same set, as a person would have it resolve it.
func (s sets) resolveByNPM(ctx context.Context, dir, nodeDir string) (float64, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	for name, text := range map[string][]byte{"package.json": s.release.Manifest, "package-lock.json": s.release.Lockfile} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return 0, err
		}
	}
	args := []string{"install", "--package-lock-only", "--save-exact", "--ignore-scripts", "--no-audit", "--no-fund"}
	for _, plugin := range tenRealPlugins {
		args = append(args, plugin.String())
	}
	npm := exec.CommandContext(ctx, "npm", args...)
	npm.Dir = dir
	npm.Env = append(os.Environ(), "PATH="+nodeDir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return timed(func() error {
		if output, err := npm.CombinedOutput(); err != nil {
			return fmt.Errorf("npm: %w\n%s", err, output)
		}
		return nil
	})
}

// share has a hundred workspaces ask at once for one of five sets each, and counts what is on disk.
func (s sets) share(ctx context.Context, b *bench) error {
	b.say("plugins: %d workspaces over %d sets", tenantsOfSets, distinctSets)
	var mu sync.Mutex
	hashes := map[string]bool{}
	group, ctx := errgroup.WithContext(ctx)
	for n := range tenantsOfSets {
		group.Go(func() error {
			set := tenRealPlugins
			if i := n % distinctSets; i > 0 {
				set = tenRealPlugins[i : i+1]
			}
			installed, err := s.store.Ensure(ctx, s.release, set)
			mu.Lock()
			defer mu.Unlock()
			hashes[installed.Hash] = true
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(s.cache, "bundles"))
	if err != nil {
		return err
	}
	onDisk := 0
	for _, entry := range entries {
		if entry.IsDir() { // the release's own is a link
			onDisk++
		}
		if strings.HasPrefix(entry.Name(), ".") {
			return fmt.Errorf("%s was left in the cache", entry.Name())
		}
	}
	if onDisk != len(hashes) {
		return fmt.Errorf("the workspaces run %d bundles, and %d are on disk", len(hashes), onDisk)
	}
	b.add(figure{
		"bundles_of_100_workspaces_with_5_sets", float64(onDisk), "bundles", "one for each workspace", tenantsOfSets,
	})
	return nil
}

// timed is how many seconds it takes.
func timed(do func() error) (float64, error) {
	start := time.Now()
	err := do()
	return time.Since(start).Seconds(), err
}

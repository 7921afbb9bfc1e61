package manager

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

const (
	// DefaultBundleRetention is how long bundles are kept that nobody uses.
	DefaultBundleRetention = 14 * 24 * time.Hour
	// useEvery is how often orbitd notes which bundles it uses; bundle.MinRetention is many times that.
	useEvery = time.Hour
	// collectEvery is after how many of these times it removes those that nobody uses, the first time an hour after its start.
	collectEvery = 24
)

// keeper keeps of the cache what is in use, and removes the rest.
type keeper struct {
	note    func(ctx context.Context) error // that all is in use that is
	collect func(ctx context.Context)       // what nobody uses
	logger  *slog.Logger
}

func (c *core) keeper() keeper { return keeper{c.useBundles, c.collectBundles, c.options.Logger} }

// run notes every hour what is in use, and removes every day what no orbitd of the cache used for long, until ctx is done.
func (k keeper) run(ctx context.Context) {
	ticker := time.NewTicker(useEvery)
	defer ticker.Stop()
	for hour := 0; ; hour++ {
		err := k.note(ctx)
		if err != nil && ctx.Err() == nil {
			k.logger.Warn("cannot note which bundles are in use: none is removed", "error", err)
		}
		if err == nil && hour%collectEvery == 1 {
			k.collect(ctx)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// useBundles notes the bundles of all processes, of all that is declared, and of the release itself.
func (c *core) useBundles(ctx context.Context) error {
	hashes, err := c.store.BundlesInUse(ctx)
	if err != nil {
		return err
	}
	base, _ := c.packages.Installed(backstage.Default().Version, nil)
	hashes = append(hashes, base.Hash, c.packages.App(backstage.Default().Version, nil).Hash)
	err = c.eachInstance(ctx, func(ctx context.Context, workspace string) error {
		given, err := c.store.Declared(ctx, workspace)
		if err != nil {
			return err
		}
		declared, _ := c.packages.Installed(given.Spec.Release, given.Packages())
		hashes = append(hashes, declared.Hash, c.packages.App(given.Spec.Release, given.FrontendPackages()).Hash)
		return nil
	})
	if err != nil {
		return err
	}
	return c.packages.store.Use(hashes...)
}

func (c *core) collectBundles(ctx context.Context) {
	collected, err := c.packages.store.Collect(ctx, c.options.BundleRetention, false)
	if err != nil && ctx.Err() == nil {
		c.options.Logger.Warn("not all unused bundles removed", "error", err)
	}
	for _, g := range collected {
		c.options.Logger.Info("bundle removed that nobody uses", "bundle", g.Hash, "used", g.Used, "freed_mib", g.Bytes>>20)
	}
}

// Bundles opens the cache's bundles (those of bundle.DefaultDir when cacheDir is empty), and returns with them what
// they start from: the backends and web apps of the releases that this orbitd carries.
func Bundles(cacheDir string) (*bundle.Store, []bundle.Release, error) {
	o, err := Options{CacheDir: cacheDir}.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	opened, err := openPackages(o, func(string) {})
	if err != nil {
		return nil, nil, err
	}
	var carried []bundle.Release
	for _, r := range backstage.Releases() {
		release, err := find(r.Version)
		app, appErr := findApp(r.Version)
		if err = errors.Join(err, appErr); err != nil {
			return nil, nil, fmt.Errorf("read the releases: %w", err)
		}
		carried = append(carried, release, app)
	}
	return opened.store, carried, nil
}

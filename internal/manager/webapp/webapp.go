// Package webapp builds Backstage's web app: once for a release, its plugins and its sources, for all instances that have
// the same.
package webapp

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

// Options say what apps are built from and where they are kept.
type Options struct {
	// Store has the toolchains, which are bundles of frontend packages, and the apps.
	Store *bundle.Store
	// Sources are those of the app, and SourcesHash stands for their content.
	Sources     fs.FS
	SourcesHash string
	// Node returns the program that runs the build: a Node.js that the release's packages work with.
	Node func(ctx context.Context) (string, error)
	// UserID is the user and group that the build runs as when it is not 0. It may be nobody else's.
	UserID uint32
}

// Builder builds apps, one at a time, because a build takes a gigabyte and more of memory. It may be used concurrently.
type Builder struct {
	Options
	building chan struct{}
}

// New returns a builder.
func New(o Options) *Builder { return &Builder{Options: o, building: make(chan struct{}, 1)} }

// App is a built web app.
type App struct {
	// Dir is its folder: a package whose dist folder holds what browsers load.
	Dir string
	// Hash is the hash of what it was built from.
	Hash string
}

// Find returns the app of a release, which is one of frontend packages, with plugins, and whether it is built.
func (b *Builder) Find(release bundle.Release, plugins []bundle.Plugin) (App, bool) {
	toolchain, _ := b.Store.Installed(release, plugins)
	hash := bundle.Hash("webapp, packed", toolchain.Hash, b.SourcesHash)
	dir, built := b.Store.Derived(hash)
	return App{Dir: dir, Hash: hash}, built
}

// Ensure returns the app, and installs its packages and builds it first when that was not done before. An *bundle.Error
// says that the packages cannot be had, or, with code app_build_failed and the compiler's words, that they do not build.
func (b *Builder) Ensure(ctx context.Context, release bundle.Release, plugins []bundle.Plugin, progress func(string)) (App, error) {
	app, built := b.Find(release, plugins)
	store := b.Store.WithProgress(progress)
	if built {
		return app, store.Use(app.Hash)
	}
	toolchain, err := store.Ensure(ctx, release, plugins)
	if err != nil {
		return App{}, fmt.Errorf("install the packages of the web app: %w", err)
	}
	what := "the web app of release " + release.Version
	if len(plugins) > 0 {
		what += " with " + bundle.Names(plugins)
	}
	app.Dir, err = store.Derive(ctx, bundle.Derivation{
		Hash: app.Hash, Verb: "build", What: what,
		Make: func(ctx context.Context, dir string) error {
			progress("waiting for another web app to be built")
			select {
			case b.building <- struct{}{}:
				defer func() { <-b.building }()
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			return b.build(ctx, toolchain, dir, plugins, func(elapsed time.Duration) {
				progress(fmt.Sprintf("building %s: %s", what, elapsed.Round(time.Second)))
			})
		},
	})
	return app, err
}

// workDir is where, in an app's folder, it is built.
const workDir = "work"

// build makes the app's folder from the packages of the toolchain.
func (b *Builder) build(ctx context.Context, toolchain bundle.Bundle, dir string, plugins []bundle.Plugin, progress func(time.Duration)) error {
	work := filepath.Join(dir, workDir)
	if err := os.Chmod(dir, 0o711); err != nil { // the builder's user passes through it
		return fmt.Errorf("prepare the build: %w", err)
	}
	if err := b.prepare(toolchain, work); err != nil {
		return fmt.Errorf("prepare the build: %w", err)
	}
	node, err := b.Node(ctx)
	if err != nil {
		return fmt.Errorf("find a Node.js for the build: %w", err)
	}
	if err := b.compile(ctx, node, work, plugins, progress); err != nil {
		return err
	}
	if err := reclaim(filepath.Join(work, "dist")); err != nil {
		return fmt.Errorf("take over what was built: %w", err)
	}
	if err := pack(filepath.Join(work, "dist", "static")); err != nil {
		return fmt.Errorf("pack what was built: %w", err)
	}
	if err := os.Rename(filepath.Join(work, "dist"), filepath.Join(dir, "dist")); err != nil {
		return fmt.Errorf("take over what was built: %w", err)
	}
	manifest, err := json.Marshal(map[string]any{"name": "app", "private": true})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), manifest, 0o644); err != nil {
		return err
	}
	return os.RemoveAll(work)
}

// prepare puts the sources, the package.json and the packages in a folder of the builder's user.
func (b *Builder) prepare(toolchain bundle.Bundle, work string) error {
	if err := os.CopyFS(work, b.Sources); err != nil {
		return err
	}
	manifest, err := os.ReadFile(filepath.Join(toolchain.Dir, "package.json"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "package.json"), manifest, 0o644); err != nil { //nolint:gosec // the folder is the builder's own
		return err
	}
	if err := linkModules(filepath.Join(toolchain.Dir, "node_modules"), filepath.Join(work, "node_modules")); err != nil {
		return err
	}
	if b.UserID == 0 {
		return nil
	}
	return filepath.WalkDir(work, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(b.UserID), int(b.UserID))
	})
}

// linkModules makes a node_modules folder with a link to each package of another one. The build writes a module of its own
// beside them, and nothing may be written to a bundle.
func linkModules(from, to string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// reclaim makes this program's own what the builder's user has written, and refuses what is no file or folder: a link would
// be followed by whoever serves the app.
func reclaim(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no file", path)
		}
		return os.Lchown(path, os.Geteuid(), os.Getegid())
	})
}

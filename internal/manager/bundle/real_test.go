package bundle_test

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

// installTimeout covers a machine that has nothing in npm's cache.
const installTimeout = 9 * time.Minute

// realStore opens the user's own cache, so that the release is installed once and not by every run.
func realStore(t *testing.T) *bundle.Store {
	t.Helper()
	if testing.Short() {
		t.Skip("installs a whole Backstage")
	}
	dir, err := bundle.DefaultDir()
	if err != nil {
		t.Fatal(err)
	}
	store, err := bundle.NewStore(bundle.Options{Dir: cmp.Or(os.Getenv("ORBIT_CACHE_DIR"), dir)})
	if err != nil {
		t.Fatal(err)
	}
	return store.WithProgress(func(said string) { t.Log(said) })
}

func realRelease(t *testing.T) bundle.Release {
	t.Helper()
	release := bundle.Release{Version: "1.55.0"}
	dir := filepath.Join("..", "..", "..", "backstage", "releases", release.Version)
	var errs [2]error
	release.Manifest, errs[0] = os.ReadFile(filepath.Join(dir, "package.json"))
	release.Lockfile, errs[1] = os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return release
}

// argoCD is a plugin of the community that the release does not contain.
var argoCD = bundle.Plugin{Package: "@roadiehq/backstage-plugin-argo-cd-backend", Version: "4.8.0"}

func TestTheRealReleaseWithARealPlugin(t *testing.T) {
	t.Parallel()
	store, release := realStore(t), realRelease(t)
	ctx, cancel := context.WithTimeout(t.Context(), installTimeout)
	defer cancel()
	base, err := store.Ensure(ctx, release, nil)
	if err != nil {
		t.Fatal(err)
	}
	runs(t, bundle.Node(base.Dir), "v24.")
	runs(t, filepath.Join(bundle.PostgresDir(base.Dir), "bin", "postgres"), "PostgreSQL) 18")

	start := time.Now()
	built, err := store.Ensure(ctx, release, []bundle.Plugin{argoCD})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("adding the plugin took %s", time.Since(start).Round(time.Millisecond))
	if _, err := os.Stat(filepath.Join(built.Dir, "node_modules", argoCD.Package, "package.json")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(base.Dir, "node_modules", argoCD.Package)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the plugin reached the release's own bundle: %v", err)
	}
	runs(t, bundle.Node(built.Dir), "v24.")
	const catalog = "node_modules/@backstage/plugin-catalog-backend/package.json"
	if !sameFile(t, filepath.Join(base.Dir, catalog), filepath.Join(built.Dir, catalog)) {
		t.Error("the bundles do not share the release's files")
	}
}

func runs(t *testing.T, program, version string) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), program, "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(said), version) {
		t.Errorf("%s --version said %q, %v, want %s", program, said, err, version)
	}
}

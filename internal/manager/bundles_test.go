package manager_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
)

func TestOrbitdNotesTheBundlesOfWhatIsDeclared(t *testing.T) {
	t.Parallel()
	cache := managertest.BorrowRelease(t)
	s, c := serverWith(t, managertest.Options{CacheDir: cache})
	const plugin = "@acme/plugin-x-backend"
	declare(t, c, "notes", title("One"))
	settle(t, c, addPlugin(t, c, "notes", plugin, endpoint))
	version := instance(t, c, "notes").Release
	release, found := backstage.Find(version)
	if !found {
		t.Fatalf("no release %q", version)
	}
	store, err := bundle.NewStore(bundle.Options{Dir: cache})
	if err != nil {
		t.Fatal(err)
	}
	set, _ := store.Installed(bundle.Release{Version: version, Manifest: release.Manifest, Lockfile: release.Lockfile},
		[]bundle.Plugin{{Package: plugin, Version: "1.0.0"}})
	long := time.Now().Add(-100 * time.Hour)
	if err := os.Chtimes(filepath.Join(cache, "used", filepath.Base(os.Getenv("ORBIT_TEST_BUNDLE"))), long, long); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{set.Hash, filepath.Base(os.Getenv("ORBIT_TEST_BUNDLE"))} {
		within(t, "bundle "+hash+" to be noted as used", func() bool {
			info, err := os.Stat(filepath.Join(cache, "used", hash))
			return err == nil && time.Since(info.ModTime()) < time.Hour
		})
	}
}

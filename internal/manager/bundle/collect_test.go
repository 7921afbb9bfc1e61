package bundle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

const day = 24 * time.Hour

// ages makes that a key was last used so long ago.
func ages(t *testing.T, cache, hash string, ago time.Duration) {
	t.Helper()
	at := time.Now().Add(-ago)
	if err := os.Chtimes(filepath.Join(cache, "used", hash), at, at); err != nil {
		t.Fatal(err)
	}
}

// installed is a cache with the release and one set, neither used for ten days.
func installed(t *testing.T) (store *bundle.Store, cache string, base, set bundle.Bundle) {
	t.Helper()
	cache = t.TempDir()
	store = open(t, cache, npmtest.NewFake(t, installs))
	set, err := store.Ensure(t.Context(), release, []bundle.Plugin{argo})
	if err != nil {
		t.Fatal(err)
	}
	base, _ = store.Installed(release, nil)
	ages(t, cache, base.Hash, 10*day)
	ages(t, cache, set.Hash, 10*day)
	return store, cache, base, set
}

func hashes(garbage []bundle.Garbage) []string {
	var all []string
	for _, g := range garbage {
		all = append(all, g.Hash)
	}
	return all
}

func TestWhatNobodyUsesIsCollected(t *testing.T) {
	t.Parallel()
	store, cache, base, set := installed(t)
	ages(t, cache, base.Hash, day)
	for _, dry := range []bool{true, false} {
		collected, err := store.Collect(t.Context(), 5*day, dry)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{set.Hash}, hashes(collected)); diff != "" {
			t.Errorf("collected (-want +got):\n%s", diff)
		}
		if len(collected) == 1 && collected[0].Bytes == 0 {
			t.Error("it frees nothing")
		}
		if _, found := store.Installed(release, []bundle.Plugin{argo}); found != dry {
			t.Errorf("after a collection, dry: %v, the bundle is there: %v", dry, found)
		}
	}
	for _, folder := range []string{"bundles", "resolved", "used"} {
		left, err := os.ReadDir(filepath.Join(cache, folder))
		if err != nil || len(left) > 1 || len(left) == 1 && left[0].Name() != base.Hash {
			t.Errorf("%s holds %v, %v, want at most the release", folder, left, err)
		}
	}
	if _, err := store.Ensure(t.Context(), release, []bundle.Plugin{argo}); err != nil {
		t.Errorf("what was collected cannot be installed again: %v", err)
	}
}

func TestWhatIsUsedIsKept(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(t *testing.T, store *bundle.Store, cache string, set bundle.Bundle){
		"by whoever notes it": func(t *testing.T, store *bundle.Store, _ string, set bundle.Bundle) {
			if err := store.Use(set.Hash, "no hash", "../"+set.Hash); err != nil {
				t.Fatal(err)
			}
		},
		"by whoever finds it": func(_ *testing.T, store *bundle.Store, _ string, set bundle.Bundle) { store.Find(set.Hash) },
		"by whoever ensures it": func(t *testing.T, store *bundle.Store, _ string, _ bundle.Bundle) {
			if _, err := store.Ensure(t.Context(), release, []bundle.Plugin{argo}); err != nil {
				t.Fatal(err)
			}
		},
		"by a build": func(t *testing.T, _ *bundle.Store, cache string, set bundle.Bundle) {
			lock, err := os.Open(filepath.Join(cache, "locks", set.Hash+".lock"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = lock.Close() })
			if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
				t.Fatal(err)
			}
		},
		"by a process": func(t *testing.T, _ *bundle.Store, _ string, set bundle.Bundle) {
			program := filepath.Join(set.Dir, "sleep")
			sleep, err := exec.LookPath("sleep")
			if err != nil {
				t.Fatal(err)
			}
			// Not written from here: a program that this process has open for writing cannot be started.
			if said, err := exec.CommandContext(t.Context(), "cp", sleep, program).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			cmd := exec.CommandContext(t.Context(), program, "600") // it ends with the test's context, before its cleanups
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Wait() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, cache, _, set := installed(t)
			use(t, store, cache, set)
			collected, err := store.Collect(t.Context(), 5*day, false)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.Join(hashes(collected), " "), set.Hash) {
				t.Errorf("collected %v, want %s kept", collected, set.Hash)
			}
			if _, found := store.Installed(release, []bundle.Plugin{argo}); !found {
				t.Error("the bundle is gone")
			}
		})
	}
}

func TestWhatADeadCollectionLeftIsRemoved(t *testing.T) {
	t.Parallel()
	cache, npm := t.TempDir(), npmtest.NewFake(t, installs)
	open(t, cache, npm)
	gone := filepath.Join(cache, "bundles", ".gone-"+strings.Repeat("d", 32)+"-1", "node_modules")
	if err := os.MkdirAll(gone, 0o755); err != nil {
		t.Fatal(err)
	}
	open(t, cache, npm)
	if got := entries(t, cache); len(got) != 0 {
		t.Errorf("the cache holds %v, want nothing", got)
	}
}

func TestBundlesAreListedWithWhatTheyAre(t *testing.T) {
	t.Parallel()
	store, cache, base, set := installed(t)
	ages(t, cache, set.Hash, day)
	list, err := store.List(t.Context(), release)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Hash != set.Hash || list[1].Hash != base.Hash {
		t.Fatalf("listed are %+v, want the set and then the release", list)
	}
	if diff := cmp.Diff([]string{argo.String()}, list[0].Plugins); diff != "" || len(list[1].Plugins) != 0 {
		t.Errorf("the plugins (-want +got):\n%s%v", diff, list[1].Plugins)
	}
	for _, b := range list {
		if b.Release != "1.0.0" || b.OwnBytes <= 0 || b.OwnBytes >= b.Bytes || time.Since(b.Made) > time.Hour ||
			time.Since(b.Used) < day-time.Hour {
			t.Errorf("%s is %+v, want a release, less on its own than in all, and times", b.Hash, b)
		}
	}
}

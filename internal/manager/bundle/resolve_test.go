package bundle_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestResolvingGivesWhatPluginsBringBesideTheRelease(t *testing.T) {
	t.Parallel()
	l := newLab(t,
		npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{"lib": "^2.0.0", "deep": "1.0.0"}).
			With("engines", map[string]string{"node": ">=20"}).With("peerDependencies", map[string]string{"base": "*"}),
		npmtest.Plugin(beta.Package, beta.Version, "beta").Needs(map[string]string{"extra": "*"}).With("deprecated", "use gamma"),
		npmtest.Package{Name: "lib", Version: "2.3.0"},
		npmtest.Package{Name: "extra", Version: "1.0.0"},
	)
	lock, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{beta, alpha})
	if err != nil {
		t.Fatal(err)
	}
	type added struct{ Path, Version, Node, Deprecated string }
	want := []added{
		{"node_modules/@acme/alpha-backend", "1.0.0", ">=20", ""},
		{"node_modules/@acme/alpha-backend/node_modules/lib", "2.3.0", "", ""},
		{"node_modules/beta-backend", "2.0.0", "", "use gamma"},
		{"node_modules/extra", "1.0.0", "", ""},
	}
	var got []added
	for _, p := range lock.Added() {
		got = append(got, added{p.Path, p.Version, p.Engines["node"], p.Deprecated})
		if !strings.HasPrefix(p.Integrity, "sha512-") || p.Resolved != "" {
			t.Errorf("%s has integrity %q and comes from %q", p.Path, p.Integrity, p.Resolved)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	nested, _ := lock.At("node_modules/@acme/alpha-backend/node_modules/lib")
	if nested.TopLevel() || nested.Owner() != "node_modules/@acme/alpha-backend" || nested.String() != "lib@2.3.0" {
		t.Errorf("the nested package is %+v", nested)
	}
	if found, ok := lock.Find("node_modules/base", "lib"); !ok || found.Version != "1.0.0" {
		t.Errorf("base imports lib %v, %v", found, ok)
	}
	if found, ok := lock.Find("node_modules/@acme/alpha-backend", "lib"); !ok || found.Version != "2.3.0" {
		t.Errorf("alpha imports lib %v, %v", found, ok)
	}
	if diff := cmp.Diff([]string{beta.Package}, lock.WantedBy("node_modules/extra")); diff != "" {
		t.Errorf("extra is wanted by (-want +got):\n%s", diff)
	}
	if got := lock.Packages(); len(got) != len(want)+len(basePackages) {
		t.Errorf("the set has %d packages, want those of the release too: %v", len(got), got)
	}
	checkManifest(t, lock)
	if got := entries(t, l.cache); len(got) != 0 {
		t.Errorf("resolving installed %v", got)
	}
}

// checkManifest looks for the release's dependencies and the plugins, and nothing else, in both files of the lock.
func checkManifest(t *testing.T, lock bundle.Lock) {
	t.Helper()
	want := map[string]any{"base": "1.0.0", alpha.Package: alpha.Version, beta.Package: beta.Version}
	var manifest struct {
		Dependencies map[string]any
		Orbit        struct{ Features []string }
	}
	var locked struct {
		Packages map[string]struct{ Dependencies, OptionalDependencies map[string]any }
	}
	if err := errors.Join(json.Unmarshal(lock.Manifest, &manifest), json.Unmarshal(lock.Lockfile, &locked)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, manifest.Dependencies); diff != "" {
		t.Errorf("dependencies in package.json (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, locked.Packages[""].Dependencies); diff != "" || locked.Packages[""].OptionalDependencies != nil {
		t.Errorf("dependencies in package-lock.json (-want +got):\n%s%v", diff, locked.Packages[""].OptionalDependencies)
	}
	if diff := cmp.Diff([]string{"base", alpha.Package, beta.Package}, manifest.Orbit.Features); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
}

func TestAPluginDoesNotMoveTheReleasesPackages(t *testing.T) {
	t.Parallel()
	l := newLab(t,
		npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{"lib": "^1.1.0"}),
		npmtest.Package{Name: "lib", Version: "1.1.0"},
	)
	lock, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha})
	if err != nil {
		t.Fatal(err)
	}
	if top, _ := lock.At("node_modules/lib"); top.Version != "1.0.0" {
		t.Errorf("the release runs with lib %s, want 1.0.0 as before", top.Version)
	}
	if nested, _ := lock.Find("node_modules/"+alpha.Package, "lib"); nested.Version != "1.1.0" {
		t.Errorf("the plugin gets lib %s, want 1.1.0", nested.Version)
	}
}

func TestAPackageThatWouldReplaceOneOfTheReleaseIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, npmtest.Package{Name: "lib", Version: "1.1.0"},
		npmtest.Plugin(alpha.Package, alpha.Version, "alpha").With("peerDependencies", map[string]string{"lib": "^1.1.0"}))
	for _, plugin := range []bundle.Plugin{{Package: "lib", Version: "1.1.0"}, alpha} {
		_, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{plugin})
		var found *bundle.Error
		if !errors.As(err, &found) || found.Code != orbit.CodeUnresolvable || found.Plugin != plugin.Package ||
			!strings.Contains(found.Detail, "lib") {
			t.Errorf("Resolve gave %v, want unresolvable with %s", err, plugin.Package)
		}
	}
}

func TestWhatDoesNotComeFromARegistryIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ version, says string }{
		"git":     {"git+https://git.invalid/x.git", "odd, which comes from a git repository"},
		"hosted":  {"github:acme/odd", "odd, which comes from a git repository"},
		"file":    {"file:../../odd", "odd, which is a folder"},
		"tarball": {"{registry}/odd/-/odd-1.0.0.tgz", "odd, which comes from an address of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, npmtest.Package{Name: "odd", Version: "1.0.0"})
			l.registry.Publish(npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{
				"odd": strings.ReplaceAll(c.version, "{registry}", l.registry.URL()),
			}))
			_, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha})
			var found *bundle.Error
			if !errors.As(err, &found) || found.Code != orbit.CodeUnresolvable || found.Plugin != alpha.Package ||
				!strings.Contains(found.Detail, c.says) {
				t.Errorf("Resolve gave %v, want unresolvable with %q", err, c.says)
			}
		})
	}
}

func TestAPackageWithoutAHashIsRefused(t *testing.T) {
	t.Parallel()
	odd := npmtest.Package{Name: "odd", Version: "1.0.0", Unhashed: true}
	l := newLab(t, odd, npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{"odd": "*"}))
	_, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha})
	var found *bundle.Error
	if !errors.As(err, &found) || found.Code != orbit.CodeUnresolvable || !strings.Contains(found.Detail, "odd, which has no hash") {
		t.Errorf("Resolve gave %v, want unresolvable for want of a hash", err)
	}
}

func TestASetIsResolvedOnceAndStays(t *testing.T) {
	t.Parallel()
	l := newLab(t, npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{"extra": "^1.0.0"}),
		npmtest.Package{Name: "extra", Version: "1.0.0"})
	var resolving sync.WaitGroup
	locks := make([]bundle.Lock, 3)
	for i := range locks {
		store := l.open(t, bundle.Options{})
		resolving.Go(func() {
			var err error
			if locks[i], err = store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha, alpha}); err != nil {
				t.Error(err)
			}
		})
	}
	resolving.Wait()
	asked := slices.DeleteFunc(l.registry.Requests(), func(request string) bool { return request != "GET /extra" })
	if len(asked) != 1 {
		t.Errorf("the registry was asked %d times, want once", len(asked))
	}
	l.registry.Publish(npmtest.Package{Name: "extra", Version: "1.9.0"})
	l.registry.Break(npmtest.Down())
	later, err := l.open(t, bundle.Options{}).Resolve(t.Context(), l.release, []bundle.Plugin{alpha})
	if err != nil {
		t.Fatalf("what was resolved is not known when the registry is down: %v", err)
	}
	for _, lock := range []bundle.Lock{locks[1], locks[2], later} {
		if diff := cmp.Diff(locks[0].Packages(), lock.Packages(), cmp.AllowUnexported(bundle.LockedPackage{})); diff != "" {
			t.Errorf("another time the set is another (-first +later):\n%s", diff)
		}
	}
}

func TestALockThatIsTornIsMadeAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t, npmtest.Plugin(alpha.Package, alpha.Version, "alpha"))
	if _, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha}); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(l.cache, "resolved", "*", "package-lock.json"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept are %v, %v", kept, err)
	}
	if err := os.Truncate(kept[0], 100); err != nil {
		t.Fatal(err)
	}
	lock, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha})
	if err != nil || len(lock.Added()) != 1 {
		t.Errorf("Resolve gives %v, %v", lock.Added(), err)
	}
}

func TestARegistryThatDoesNotAnswerIsLeftWhenNobodyWaitsAnyMore(t *testing.T) {
	t.Parallel()
	l := newLab(t, npmtest.Plugin(alpha.Package, alpha.Version, "alpha"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	wait := l.registry.Slow(nil)
	l.registry.Break(func(w http.ResponseWriter, request *http.Request) bool {
		cancel()
		return wait(w, request)
	})
	if _, err := l.store.Resolve(ctx, l.release, []bundle.Plugin{alpha}); !errors.Is(err, context.Canceled) {
		t.Errorf("Resolve gave %v, want a cancelled context", err)
	}
	if left, err := os.ReadDir(filepath.Join(l.cache, "resolved")); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestAPackageWhoseNameLeadsOutOfItsFolderIsRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../../odd", "odd/../../../../odd"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, npmtest.Package{Name: "odd", Version: "1.0.0"}, npmtest.Plugin(alpha.Package, alpha.Version, "alpha").
				Needs(map[string]string{name: "npm:odd@1.0.0"}))
			lock, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha})
			var found *bundle.Error
			if !errors.As(err, &found) || found.Code != orbit.CodeUnresolvable {
				t.Errorf("Resolve gave %v and %v, want unresolvable", lock.Added(), err)
			}
		})
	}
}

func TestWithoutPluginsNobodyIsAsked(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.registry.Break(npmtest.Down())
	lock, err := l.store.Resolve(t.Context(), l.release, nil)
	if err != nil || len(lock.Added()) != 0 || len(lock.Packages()) != len(basePackages) {
		t.Errorf("Resolve gives %v, %v", lock.Packages(), err)
	}
}

func TestFailuresOfTheRegistryAreToldWhenResolving(t *testing.T) {
	t.Parallel()
	needy := npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{"lost": "^1.0.0"})
	for name, c := range map[string]struct {
		plugin bundle.Plugin
		fault  npmtest.Fault
		code   orbit.Code
		says   string
	}{
		"no package":    {bundle.Plugin{Package: "nobody", Version: "1.0.0"}, nil, orbit.CodePackageNotFound, ""},
		"no version":    {bundle.Plugin{Package: "base", Version: "9.0.0"}, nil, orbit.CodeVersionNotFound, ""},
		"no dependency": {alpha, nil, orbit.CodeUnresolvable, "lost"},
		"down":          {beta, npmtest.Down(), orbit.CodeInstallFailed, "ECONNRESET"},
		"garbage":       {beta, npmtest.Garbage("<html>log in</html>"), orbit.CodeInstallFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, needy, npmtest.Plugin(beta.Package, beta.Version, "beta"))
			if c.fault != nil {
				l.registry.Break(c.fault)
			}
			_, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{c.plugin})
			var found *bundle.Error
			if !errors.As(err, &found) || found.Code != c.code || found.Plugin != c.plugin.Package ||
				!strings.Contains(found.Detail, c.says) {
				t.Errorf("Resolve gave %v, want %s", err, c.code)
			}
			if left, err := os.ReadDir(filepath.Join(l.cache, "resolved")); err != nil || len(left) != 0 {
				t.Errorf("left are %v, %v", left, err)
			}
		})
	}
}

func TestARegistryThatIsDownDoesNotOutlastAPlan(t *testing.T) {
	t.Parallel()
	l := newLab(t, npmtest.Plugin("x", "1.0.0", "x"))
	l.npm.Env = append(l.npm.Env, "npm_config_fetch_retries=2") // npm's own, which the lab turns off
	l.store = l.open(t, bundle.Options{})
	l.registry.Break(npmtest.Down())
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second) // what a plan waits; npm's own minutes are longer
	defer cancel()
	if _, err := l.store.Resolve(ctx, l.release, []bundle.Plugin{{Package: "x", Version: "1.0.0"}}); err == nil || ctx.Err() != nil {
		t.Errorf("Resolve with a registry that is down = %v, want an error before nobody waits", err)
	}
}

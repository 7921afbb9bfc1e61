package bundle_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestWhatWasResolvedIsInstalled(t *testing.T) {
	t.Parallel()
	l := newLab(t, npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{"lib": "^1.1.0", "extra": "*"}),
		npmtest.Package{Name: "lib", Version: "1.1.0"}, npmtest.Package{Name: "extra", Version: "1.0.0"})
	set := []bundle.Plugin{alpha}
	lock, err := l.store.Resolve(t.Context(), l.release, set)
	if err != nil {
		t.Fatal(err)
	}
	l.registry.Publish(npmtest.Package{Name: "extra", Version: "2.0.0"}, npmtest.Package{Name: "lib", Version: "1.2.0"})
	built, err := l.store.Ensure(t.Context(), l.release, set)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range lock.Packages() {
		if text := read(t, built.Dir, p.Path, "package.json"); !strings.Contains(text, `"version":"`+p.Version+`"`) {
			t.Errorf("installed at %s is %s, want version %s", p.Path, text, p.Version)
		}
	}
	if text := read(t, built.Dir, "package-lock.json"); text != strings.TrimSpace(string(lock.Lockfile)) {
		t.Error("the bundle has another lockfile than was resolved")
	}
	base, err := l.store.Ensure(t.Context(), l.release, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !sameFile(t, filepath.Join(base.Dir, "node_modules/lib/package.json"), filepath.Join(built.Dir, "node_modules/lib/package.json")) {
		t.Error("the release's files are not shared")
	}
}

func TestATarballWithAnotherHashIsNotInstalled(t *testing.T) {
	t.Parallel()
	l := newLab(t, npmtest.Plugin(alpha.Package, alpha.Version, "alpha"))
	if _, err := l.store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha}); err != nil {
		t.Fatal(err)
	}
	l.registry.Publish(npmtest.Plugin(alpha.Package, alpha.Version, "tampered"))
	_, err := l.store.Ensure(t.Context(), l.release, []bundle.Plugin{alpha})
	var found *bundle.Error
	if !errors.As(err, &found) || found.Code != orbit.CodeInstallFailed || !strings.Contains(found.Detail, "EINTEGRITY") ||
		!strings.Contains(found.Detail, "another tarball") || found.Plugin != alpha.Package {
		t.Errorf("Ensure gave %v, want install_failed because of the hash", err)
	}
	l.leavesNothing(t)
}

func TestPluginsThatAreTooLargeAreRefusedWhileTheyInstall(t *testing.T) {
	t.Parallel()
	const limit = 5 << 20
	needs := npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{"large": "*"})
	for name, c := range map[string]struct {
		packages []npmtest.Package
		fault    func(l lab) npmtest.Fault
		says     string
	}{
		"one file": {[]npmtest.Package{{Name: "large", Version: "1.0.0", Pad: limit + 1<<20}}, nil, "5 MiB"},
		"packages together": {[]npmtest.Package{
			npmtest.Package{Name: "large", Version: "1.0.0", Pad: 3 << 20}.Needs(map[string]string{"other": "*"}),
			{Name: "other", Version: "1.0.0", Pad: 4 << 20},
		}, nil, "other@1.0.0 with 4 MiB"},
		"a download without end": {
			[]npmtest.Package{{Name: "large", Version: "1.0.0"}},
			func(l lab) npmtest.Fault { return l.registry.Endless() }, "5 MiB",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, append(c.packages, needs)...)
			store := l.open(t, bundle.Options{MaxBytes: limit})
			if _, err := store.Resolve(t.Context(), l.release, []bundle.Plugin{alpha}); err != nil {
				t.Fatal(err)
			}
			if c.fault != nil {
				l.registry.Break(npmtest.Only("/large/-/", c.fault(l)))
			}
			_, err := store.Ensure(t.Context(), l.release, []bundle.Plugin{alpha})
			var found *bundle.Error
			if !errors.As(err, &found) || found.Code != orbit.CodePackageTooLarge || found.Plugin != alpha.Package ||
				!strings.Contains(found.Detail, c.says) {
				t.Errorf("Ensure gave %v, want package_too_large with %q", err, c.says)
			}
			l.leavesNothing(t)
		})
	}
}

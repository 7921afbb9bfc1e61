package bundle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Lock is a set of packages as npm resolved it: the release, and what plugins bring beside it. Ensure installs exactly
// this.
type Lock struct {
	// Manifest is the set's package.json.
	Manifest []byte
	// Lockfile is its package-lock.json, of lockfile version 3.
	Lockfile []byte

	plugins  []Plugin
	packages []LockedPackage // by path
	release  map[string]bool // the paths that are the release's own
}

// LockedPackage is one package of a Lock. The maps are nil where its package.json does not have them.
type LockedPackage struct {
	// Path is where it is installed: node_modules/a, or node_modules/b/node_modules/a for the a that only b gets.
	Path string
	// Name is the package's own name. It differs from the path's end where it is installed under an alias.
	Name string
	// Version is exact.
	Version string
	// Resolved is where it comes from, where that is not the registry that npm is configured with. Resolve refuses those,
	// so that in its locks it is set for packages of a release alone, and usually for none.
	Resolved string
	// Integrity is the hash of its tarball, as npm writes it: sha512-….
	Integrity string
	// Dependencies, OptionalDependencies and PeerDependencies are ranges by name.
	Dependencies, OptionalDependencies, PeerDependencies map[string]string
	// Engines are ranges by engine, "node" among them.
	Engines map[string]string
	// OS and CPU are the platforms that it is for, as package.json has them; empty for all.
	OS, CPU []string
	// Optional says that the set works without it: nothing is wrong when it is for another platform.
	Optional bool
	// Deprecated is what its authors say instead of it; "" where it is not deprecated.
	Deprecated string
	// HasInstallScript says that it would run a script when it is installed. None is ever run.
	HasInstallScript bool

	link, inBundle bool
}

// String gives the package as npm writes it: name@version.
func (p LockedPackage) String() string { return p.Name + "@" + p.Version }

// TopLevel says whether every package of the set finds this one, and not only those below one other.
func (p LockedPackage) TopLevel() bool { return p.Owner() == "" }

// Owner is the path of the package that this one is nested in; "" at the top level.
func (p LockedPackage) Owner() string {
	i := strings.LastIndex(p.Path, "/"+modulesDir+"/")
	return p.Path[:max(i, 0)]
}

// importName is what others import the package by.
func (p LockedPackage) importName() string { return lastName(p.Path) }

// lastName is the last package name of a path, or the path where none is in it: it is that of a folder then.
func lastName(path string) string {
	if i := strings.LastIndex(path, modulesDir+"/"); i >= 0 {
		return path[i+len(modulesDir)+1:]
	}
	return path
}

// Packages are all packages of the set, the release's own among them, at the top level and nested, by path.
func (l Lock) Packages() []LockedPackage { return slices.Clone(l.packages) }

// Added are the packages that the plugins bring beside the release's own, the plugins themselves among them, by path.
func (l Lock) Added() []LockedPackage {
	var added []LockedPackage
	for _, p := range l.packages {
		if !l.release[p.Path] {
			added = append(added, p)
		}
	}
	return added
}

// At returns the package that is installed at the path.
func (l Lock) At(path string) (LockedPackage, bool) {
	i, found := slices.BinarySearchFunc(l.packages, path, func(p LockedPackage, path string) int {
		return cmp.Compare(p.Path, path)
	})
	if !found {
		return LockedPackage{}, false
	}
	return l.packages[i], true
}

// Find returns the package that the one at the path gets when it imports name, as Node.js looks for it: below itself, then
// below each package that it is nested in, then at the top level. The path "" looks at the top level alone.
func (l Lock) Find(path, name string) (LockedPackage, bool) {
	for {
		at := modulesDir + "/" + name
		if path != "" {
			at = path + "/" + at
		}
		if found, ok := l.At(at); ok || path == "" {
			return found, ok
		}
		path = LockedPackage{Path: path}.Owner()
	}
}

// WantedBy are the plugins of the set that need the package at the path, themselves or through others, by name.
func (l Lock) WantedBy(path string) []string {
	var wanting []string
	for _, plugin := range l.plugins {
		if l.reaches(modulesDir+"/"+plugin.Package, path, map[string]bool{}) {
			wanting = append(wanting, plugin.Package)
		}
	}
	return wanting
}

// reaches says whether the package at from needs the one at path; seen are those that were looked at.
func (l Lock) reaches(from, path string, seen map[string]bool) bool {
	if from == path {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	p, _ := l.At(from)
	for _, needs := range []map[string]string{p.Dependencies, p.OptionalDependencies, p.PeerDependencies} {
		for name := range needs {
			if found, ok := l.Find(from, name); ok && l.reaches(found.Path, path, seen) {
				return true
			}
		}
	}
	return false
}

// lockEntry is a package as package-lock.json has it.
type lockEntry struct {
	Name                 string            `json:"name"`
	Version              string            `json:"version"`
	Resolved             string            `json:"resolved"`
	Integrity            string            `json:"integrity"`
	Link                 bool              `json:"link"`
	InBundle             bool              `json:"inBundle"`
	Optional             bool              `json:"optional"`
	Deprecated           string            `json:"deprecated"`
	HasInstallScript     bool              `json:"hasInstallScript"`
	Dependencies         map[string]string `json:"dependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
	PeerDependencies     map[string]string `json:"peerDependencies"`
	Engines              engines           `json:"engines"`
	OS                   oneOrMore         `json:"os"`
	CPU                  oneOrMore         `json:"cpu"`
}

// name is the entry's package name: a lockfile has it only where the path does not end with it.
func (e lockEntry) name(path string) string {
	if e.Name != "" {
		return e.Name
	}
	return lastName(path)
}

// engines are ranges by engine. Old packages have a list, as in ["node >= 6"].
type engines map[string]string

// UnmarshalJSON reads either form, and takes what is in neither for nothing.
func (e *engines) UnmarshalJSON(text []byte) error {
	var object map[string]string
	if err := json.Unmarshal(text, &object); err == nil {
		*e = object
		return nil
	}
	var list oneOrMore
	if err := json.Unmarshal(text, &list); err != nil {
		return nil //nolint:nilerr // npm heeds no such engines either
	}
	*e = make(engines, len(list))
	for _, entry := range list {
		name, versions, _ := strings.Cut(strings.TrimSpace(entry), " ")
		(*e)[name] = strings.TrimSpace(versions)
	}
	return nil
}

// readLockfile reads the packages of a package-lock.json by path; the set itself is at "".
func readLockfile(text []byte) (map[string]lockEntry, error) {
	var locked struct {
		Version  int                  `json:"lockfileVersion"`
		Packages map[string]lockEntry `json:"packages"`
	}
	if err := json.Unmarshal(text, &locked); err != nil {
		return nil, fmt.Errorf("read %s: %w", lockFile, err)
	}
	if locked.Version != 3 || locked.Packages == nil {
		return nil, fmt.Errorf("read %s: it is of lockfile version %d, want 3", lockFile, locked.Version)
	}
	return locked.Packages, nil
}

// newLock reads a resolved set. Packages that are in the release's lockfile, at the same path, are the release's own.
func newLock(release Release, plugins []Plugin, manifest, lockfile []byte) (Lock, error) {
	own, err := readLockfile(release.Lockfile)
	if err != nil {
		return Lock{}, fmt.Errorf("release %s: %w", release.Version, err)
	}
	entries, err := readLockfile(lockfile)
	if err != nil {
		return Lock{}, err
	}
	lock := Lock{Manifest: manifest, Lockfile: lockfile, plugins: plugins, release: make(map[string]bool, len(own))}
	for path, e := range entries {
		if path == "" {
			continue
		}
		_, lock.release[path] = own[path]
		lock.packages = append(lock.packages, LockedPackage{
			Path: path, Name: e.name(path), Version: e.Version, Resolved: e.Resolved, Integrity: e.Integrity,
			Dependencies: e.Dependencies, OptionalDependencies: e.OptionalDependencies, PeerDependencies: e.PeerDependencies,
			Engines: e.Engines, OS: e.OS, CPU: e.CPU, Optional: e.Optional, Deprecated: e.Deprecated,
			HasInstallScript: e.HasInstallScript, link: e.Link, inBundle: e.InBundle,
		})
	}
	slices.SortFunc(lock.packages, func(a, b LockedPackage) int { return cmp.Compare(a.Path, b.Path) })
	return lock, nil
}

// installedIn returns an error where npm changed the lockfile that it installed from in dir: then what is installed is not
// what was checked.
func (l Lock) installedIn(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		return err
	}
	entries, err := readLockfile(text)
	if err != nil {
		return err
	}
	for _, p := range l.packages {
		if e, found := entries[p.Path]; !found || e.Version != p.Version || e.Integrity != p.Integrity || e.Resolved != p.Resolved {
			return &Error{Code: orbit.CodeInstallFailed, Detail: fmt.Sprintf(
				"npm installed another %s than it had resolved, %s", p.Name, p.Version)}
		}
	}
	if len(entries) != len(l.packages)+1 { // with that of the set itself
		return &Error{Code: orbit.CodeInstallFailed, Detail: "npm installed other packages than it had resolved"}
	}
	return os.WriteFile(filepath.Join(dir, lockFile), l.Lockfile, 0o644)
}

package bundle

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The fields of a package.json, and of a lockfile's entry for the set itself, that say what is installed.
const (
	dependenciesField = "dependencies"
	optionalField     = "optionalDependencies"
)

// pin returns the release's package.json with every package at the top level of its lockfile as a dependency, in the
// version that is locked. Otherwise npm replaces one by a newer version wherever all that need it allow that, and a plugin
// would change what the release runs with. So it puts the newer one below the plugin.
func pin(release Release) ([]byte, error) {
	var set document
	if err := json.Unmarshal(release.Manifest, &set); err != nil {
		return nil, err
	}
	required, optional := map[string]string{}, map[string]string{}
	if err := set.field(dependenciesField, &required); err != nil {
		return nil, err
	}
	if err := set.field(optionalField, &optional); err != nil {
		return nil, err
	}
	entries, err := readLockfile(release.Lockfile)
	if err != nil {
		return nil, err
	}
	for path, entry := range entries {
		name, _ := strings.CutPrefix(path, modulesDir+"/")
		if path == "" || !(LockedPackage{Path: path}).TopLevel() || required[name] != "" || optional[name] != "" {
			continue
		}
		version := entry.Version
		if entry.Name != "" {
			version = "npm:" + entry.Name + "@" + version
		}
		if entry.Optional { // it stays optional unless a plugin needs it
			optional[name] = version
		} else {
			required[name] = version
		}
	}
	if err := set.set(dependenciesField, required); err != nil {
		return nil, err
	}
	if err := set.set(optionalField, optional); err != nil {
		return nil, err
	}
	return encode(set)
}

// unpin returns the lockfile that npm made for a pinned package.json as that of the one without pins.
func unpin(lockfile, manifest []byte) ([]byte, error) {
	var lock, packages, root, set document
	if err := json.Unmarshal(lockfile, &lock); err != nil {
		return nil, err
	}
	if err := lock.field("packages", &packages); err != nil {
		return nil, err
	}
	if err := packages.field("", &root); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(manifest, &set); err != nil {
		return nil, err
	}
	if root == nil {
		return nil, fmt.Errorf("it has no entry for the set itself")
	}
	root.copy(set, dependenciesField)
	root.copy(set, optionalField)
	if err := packages.set("", root); err != nil {
		return nil, err
	}
	if err := lock.set("packages", packages); err != nil {
		return nil, err
	}
	return encode(lock)
}

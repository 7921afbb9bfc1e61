package bundle

import (
	"fmt"
	"path"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// admit returns an *Error, unresolvable, for a set that npm resolved and that must not be installed: one that changes
// what the release runs with, or that has packages from elsewhere than a registry.
func (l Lock) admit(release Release) error {
	own, err := newLock(release, nil, release.Manifest, release.Lockfile)
	if err != nil {
		return err
	}
	for _, before := range own.packages {
		now, found := l.Find(before.Owner(), before.importName())
		if !found || now.Version != before.Version || now.Integrity != before.Integrity {
			return l.moved(release, before, now)
		}
	}
	for _, p := range l.Added() {
		if why := p.suspicion(); why != "" {
			e := &Error{Code: orbit.CodeUnresolvable, Detail: foreign(p.Name, why)}
			if plugins := l.WantedBy(p.Path); len(plugins) > 0 {
				e.Plugin = plugins[0]
			}
			return e
		}
	}
	return nil
}

func (l Lock) moved(release Release, before, now LockedPackage) error {
	e := &Error{Code: orbit.CodeUnresolvable}
	for _, plugin := range l.plugins {
		if plugin.Package == before.Name || len(l.plugins) == 1 {
			e.Plugin = plugin.Package
		}
	}
	if now.Version == "" {
		now.Version = "none"
	}
	e.Detail = fmt.Sprintf("release %s runs with %s %s itself, and the set would have %s in its place: "+
		"choose a version of the plugin that goes with %s", release.Version, before.Name, before.Version, now.Version, before)
	return e
}

// foreign are the words for a package that is not the registry's.
func foreign(name, why string) string {
	return fmt.Sprintf("it brings %s, which %s; orbitd installs packages of the registry alone, with the hashes that it "+
		"states: choose another version, or ask the plugin's authors", name, why)
}

// suspicion says what is wrong with where a package comes from; "" when it comes from a registry and has a hash.
func (p LockedPackage) suspicion() string {
	switch {
	case p.link, !strings.HasPrefix(p.Path, modulesDir+"/"), p.Version == "": // no version: the folder is not there
		return "is a folder"
	case path.Clean(p.Path) != p.Path:
		return "has a name that leads out of its folder"
	case p.inBundle:
		return "" // it is part of another package's tarball, which has a hash
	case strings.HasPrefix(p.Resolved, "git"):
		return "comes from a git repository"
	case strings.HasPrefix(p.Resolved, "file:"):
		return "comes from a file"
	case p.Resolved != "": // npm is told to leave out the addresses of the registry's tarballs
		return "comes from an address of its own"
	case p.Integrity == "":
		return "has no hash"
	default:
		return ""
	}
}

package bundle

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// DefaultMaxBytes is how much the plugins of a set may add to the release, where nobody says otherwise.
const DefaultMaxBytes = 500 << 20

// growthInterval is how often a build is looked at while npm writes it.
const growthInterval = 250 * time.Millisecond

// growth is how large the packages have become that plugins add to a build.
type growth struct {
	dir     string
	max     int64
	roots   []LockedPackage // the packages that are added, without those below another of them
	plugins func(path string) []string
}

func (s *shared) growth(i installation) growth {
	g := growth{dir: i.dir, max: s.maxBytes, plugins: i.lock.WantedBy}
	added := i.lock.Added()
	for _, p := range added {
		isOwner := func(other LockedPackage) bool { return other.Path == p.Owner() }
		if !slices.ContainsFunc(added, isOwner) {
			g.roots = append(g.roots, p)
		}
	}
	return g
}

// watch ends npm when there is too much, until ended is closed.
func (g growth) watch(ended <-chan struct{}, end context.CancelCauseFunc) {
	ticker := time.NewTicker(growthInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
			if err := g.check(); err != nil {
				end(err)
				return
			}
		}
	}
}

// check returns an *Error, package_too_large, when there is too much.
func (g growth) check() error {
	var whole, most int64
	var largest LockedPackage
	for _, p := range g.roots {
		size := sizeOf(filepath.Join(g.dir, p.Path))
		if whole += size; size > most {
			most, largest = size, p
		}
	}
	if whole <= g.max {
		return nil
	}
	var plugins []Plugin
	for _, name := range g.plugins(largest.Path) {
		plugins = append(plugins, Plugin{Package: name})
	}
	return tooLarge(g.max, fmt.Sprintf("most of it is %s with %d MiB", largest, cmp.Or(most>>20, 1)), plugins)
}

func tooLarge(most int64, why string, plugins []Plugin) *Error {
	e := &Error{Code: orbit.CodePackageTooLarge, Detail: fmt.Sprintf(
		"what the plugins bring is larger than orbitd's limit of %d MiB: %s; choose another version, leave the plugin out, or "+
			"raise orbitd's --max-plugins-size", most>>20, why)}
	if len(plugins) == 1 {
		e.Plugin = plugins[0].Package
	}
	return e
}

// sizeOf adds up the files below a folder, in bytes. What npm moves meanwhile is not counted.
func sizeOf(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // it has gone since, or is not there yet
		}
		if info, err := entry.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}

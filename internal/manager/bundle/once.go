package bundle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"time"
)

// What begins the name of a folder that a build is under way in, and of one that is being removed. The key and a random
// number follow.
const (
	buildPrefix = ".build-"
	gonePrefix  = ".gone-"
)

var leftoverPattern = regexp.MustCompile(fmt.Sprintf(`^\.(?:build|gone)-([0-9a-f]{%d})-`, keyLength))

// place is a folder that is addressed by a key and complete from the moment it has its name.
type place struct{ parent, key string }

func (p place) dir() string { return filepath.Join(p.parent, p.key) }

// work makes what belongs at a place.
type work struct {
	place
	// verb and what say for people what is done: install, and which packages.
	verb, what string
	// there says whether it was done before, by this process or another.
	there func() bool
	// make does it in a folder that becomes the place.
	make func(ctx context.Context, dir string) error
}

// once does the work if nobody has.
func (s *Store) once(ctx context.Context, w work) (err error) {
	if w.there() {
		return nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s %s: %w", w.verb, w.what, err)
		}
	}()
	lock, err := s.lock(ctx, w.key, func() { s.progress("waiting for another build of " + w.what) })
	if err != nil {
		return err
	}
	defer lock.release()
	if w.there() {
		return nil
	}
	// A build reads long lists, once; without this what they took would stay orbitd's for minutes.
	defer debug.FreeOSMemory()
	s.removeBuilds(w.key)
	dir, err := os.MkdirTemp(w.parent, buildPrefix+w.key+"-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // after the rename there is nothing under this name
	start := time.Now()
	s.logger.InfoContext(ctx, "building", "what", w.verb, "bundle", w.key, "packages", w.what)
	if err := w.make(withLock(ctx, lock), dir); err != nil {
		return err
	}
	half, err := renameAway(w.dir())
	if err != nil {
		return err
	}
	if half != "" {
		defer func() { _ = os.RemoveAll(half) }() // else the next start does
	}
	if err := os.Rename(dir, w.dir()); err != nil {
		return err
	}
	if err := syncNames(w.parent); err != nil {
		return err
	}
	if !w.there() {
		return fmt.Errorf("what was built in %s cannot be read", w.dir())
	}
	s.logger.InfoContext(ctx, "built", "what", w.verb, "bundle", w.key, "packages", w.what,
		"took", time.Since(start).Round(time.Millisecond))
	return nil
}

// removeLeftovers removes the folders of builds, and of removals, that ended before they were done. A folder whose key is
// locked belongs to somebody who works on it now, here or in another process.
func (s *Store) removeLeftovers() {
	for _, key := range s.leftovers() {
		held, ok, err := s.tryLock(key)
		if err != nil || !ok {
			continue
		}
		s.removeBuilds(key)
		held.release()
	}
}

// removeBuilds removes what was left of the key, whose lock the caller holds.
func (s *Store) removeBuilds(key string) {
	for dir, of := range s.leftovers() {
		if of != key {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			s.logger.Warn("cannot remove what a build left", "folder", dir, "error", err)
		}
	}
}

// leftovers are the folders of builds and removals, under way or left, with their keys.
func (s *shared) leftovers() map[string]string {
	found := map[string]string{}
	for _, parent := range s.parents() {
		entries, _ := os.ReadDir(parent) // what cannot be read has nothing that could be removed
		for _, entry := range entries {
			if match := leftoverPattern.FindStringSubmatch(entry.Name()); match != nil {
				found[filepath.Join(parent, entry.Name())] = match[1]
			}
		}
	}
	return found
}

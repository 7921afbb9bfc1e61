package bundle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// buildPrefix begins the name of a folder that a build is under way in. The key and a random number follow.
const buildPrefix = ".build-"

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
	if err := os.RemoveAll(w.dir()); err != nil {
		return err
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

// removeLeftovers removes the folders of builds that ended without removing them. A folder whose key is locked belongs
// to a build that runs now, here or in another process.
func (s *Store) removeLeftovers() {
	for _, dir := range s.builds() {
		key, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), buildPrefix), "-")
		if !isKey(key) {
			continue
		}
		held, ok, err := s.tryLock(key)
		if err != nil || !ok {
			continue
		}
		s.removeBuilds(key)
		held.release()
	}
}

// removeBuilds removes the folders of former builds of the key, whose lock the caller holds.
func (s *Store) removeBuilds(key string) {
	for _, dir := range s.builds() {
		if !strings.HasPrefix(filepath.Base(dir), buildPrefix+key+"-") {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			s.logger.Warn("cannot remove what a build left", "folder", dir, "error", err)
		}
	}
}

// builds are the folders of builds, under way or left.
func (s *shared) builds() []string {
	var dirs []string
	for _, parent := range []string{s.bundles(), s.resolved()} {
		entries, _ := os.ReadDir(parent) // what cannot be read has nothing that could be removed
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), buildPrefix) {
				dirs = append(dirs, filepath.Join(parent, entry.Name()))
			}
		}
	}
	return dirs
}

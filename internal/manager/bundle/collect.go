package bundle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// MinRetention is the shortest time that an unused bundle should be kept where orbitds run: they note every hour what
// they use, and one that was away for a day still finds its own.
const MinRetention = 24 * time.Hour

// Garbage is a set that nobody used for long: its bundle, or what it was resolved to, or both.
type Garbage struct {
	Hash string `json:"hash"`
	// Used is when somebody last did.
	Used time.Time `json:"used"`
	// Bytes is what removing it frees.
	Bytes int64 `json:"bytes"`
}

// Collect removes what no orbitd has used for a time, and returns it; as a dry run it removes nothing. It keeps what a
// process runs from, as far as this user may see, and what is being built. The base of other bundles is kept because
// whoever uses those uses it; they do not need it themselves, because hard links have no original.
func (s *Store) Collect(ctx context.Context, unused time.Duration, dryRun bool) ([]Garbage, error) {
	collected := []Garbage{}
	running := s.running()
	var failures []error
	for _, key := range s.keys() {
		if err := ctx.Err(); err != nil {
			return collected, err
		}
		used := s.lastUsed(key)
		if time.Since(used) < unused || running[key] > 0 {
			continue
		}
		g := Garbage{Hash: key, Used: used}
		for _, parent := range s.parents() {
			if _, own, err := onDisk(filepath.Join(parent, key)); err == nil {
				g.Bytes += own
			}
		}
		gone := true
		if !dryRun {
			var err error
			if gone, err = s.collect(key, unused); err != nil {
				failures = append(failures, fmt.Errorf("collect bundle %s: %w", key, err))
			}
		}
		if gone {
			collected = append(collected, g)
		}
	}
	slices.SortFunc(collected, func(a, b Garbage) int { return cmp.Or(a.Used.Compare(b.Used), cmp.Compare(a.Hash, b.Hash)) })
	return collected, errors.Join(failures...)
}

// keys are those of all that is installed, resolved or noted as used.
func (s *shared) keys() []string {
	var keys []string
	for _, dir := range append(s.parents(), s.used()) {
		entries, _ := os.ReadDir(dir) // what cannot be read has nothing to collect
		for _, entry := range entries {
			if isKey(entry.Name()) {
				keys = append(keys, entry.Name())
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// collect removes what belongs to the key, unless somebody builds or uses it meanwhile. It is renamed away first: nobody
// finds half of it, and what a dead orbitd left of it goes at the next start.
func (s *Store) collect(key string, unused time.Duration) (bool, error) {
	held, ok, err := s.tryLock(key)
	if err != nil || !ok {
		return false, err
	}
	defer held.release()
	moved := map[string]string{}
	defer func() {
		for _, gone := range moved {
			if err := os.RemoveAll(gone); err != nil {
				s.logger.Warn("cannot remove a bundle that nobody uses", "folder", gone, "error", err)
			}
		}
	}()
	for _, parent := range s.parents() {
		from := filepath.Join(parent, key)
		to, err := renameAway(from)
		if err != nil {
			return false, err
		}
		if to != "" {
			moved[from] = to
		}
	}
	if time.Since(s.lastMarked(key)) < unused { // somebody marked it, and may have seen it before it was moved
		for from, gone := range moved {
			if err := os.Rename(filepath.Join(gone, key), from); err != nil {
				return false, err
			}
		}
		return false, nil
	}
	s.complete.Delete(key)
	if err := os.Remove(filepath.Join(s.used(), key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return true, err
	}
	return true, nil
}

// lastMarked is when the key was marked; the zero time when it never was.
func (s *shared) lastMarked(key string) time.Time {
	info, err := os.Stat(filepath.Join(s.used(), key))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// renameAway moves a folder, which a key addresses, into a new one beside it whose name is no key, and returns that; ""
// when the folder is not there.
func renameAway(dir string) (string, error) {
	into, err := os.MkdirTemp(filepath.Dir(dir), gonePrefix+filepath.Base(dir)+"-")
	if err != nil {
		return "", err
	}
	err = os.Rename(dir, filepath.Join(into, filepath.Base(dir)))
	if err == nil {
		return into, nil
	}
	_ = os.Remove(into) // it is empty
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return "", err
}

package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
)

// The kinds of Damage.
const (
	Changed = "changed" // the file has other content, or another kind, than when it was installed
	Missing = "missing" // the file is not there any more
	Extra   = "extra"   // nobody installed the file
)

// Damage is one file of a bundle that is not as it was installed.
type Damage struct {
	Path string `json:"path"`
	Kind string `json:"kind"` // changed, missing or extra
}

// Verification is what became of one bundle.
type Verification struct {
	Hash   string   `json:"hash"`
	Files  int      `json:"files"`
	Damage []Damage `json:"damage"`
	// Unknown says that the bundle is older than the sums of bundles: they were made now, and there was nothing to compare
	// with.
	Unknown bool `json:"unknown"`
}

// Verify compares the files of bundles with the sums that were made when they were installed. An error is about a bundle
// that is not there or cannot be read; damage is none.
func (s *Store) Verify(ctx context.Context, hashes ...string) ([]Verification, error) {
	found := make([]Verification, 0, len(hashes))
	reading := &summing{known: map[fileID]string{}}
	for _, hash := range hashes {
		if err := ctx.Err(); err != nil {
			return found, err
		}
		b := s.bundle(hash)
		if !isKey(hash) || !s.exists(b) {
			return found, fmt.Errorf("verify bundle %s: it is not in %s; orbitd bundle ls lists those that are", hash, s.bundles())
		}
		v, err := s.verify(reading, b)
		if err != nil {
			return found, fmt.Errorf("verify bundle %s: %w", hash, err)
		}
		found = append(found, v)
	}
	return found, nil
}

func (s *Store) verify(reading *summing, b Bundle) (Verification, error) {
	v := Verification{Hash: b.Hash, Damage: []Damage{}}
	dir, err := filepath.EvalSymlinks(b.Dir) // a cache may borrow another's bundles
	if err != nil {
		return v, err
	}
	now, err := reading.sum(dir)
	if err != nil {
		return v, err
	}
	v.Files = len(now)
	before, err := readSums(dir)
	if errors.Is(err, fs.ErrNotExist) {
		v.Unknown = true
		return v, now.write(dir)
	}
	if err != nil {
		return v, err
	}
	v.Damage = append(v.Damage, damage(before, now)...)
	return v, nil
}

// damage is what lies between what was installed and what is there, by path.
func damage(before, now sums) []Damage {
	var found []Damage
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if sum, there := now[path]; !there {
			found = append(found, Damage{path, Missing})
		} else if sum != before[path] {
			found = append(found, Damage{path, Changed})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		if _, known := before[path]; !known {
			found = append(found, Damage{path, Extra})
		}
	}
	return found
}

// writeSums ends a build: it writes the sums of all that is in dir. Those of files that the base shares are the base's.
func writeSums(dir string, base *Bundle) error {
	reading := &summing{known: map[fileID]string{}}
	if base != nil {
		shared, err := readSums(base.Dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		reading.reuse(base.Dir, shared)
	}
	all, err := reading.sum(dir)
	if err != nil {
		return err
	}
	return all.write(dir)
}

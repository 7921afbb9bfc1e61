package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Use notes that bundles are in use: Collect keeps them for a time from now. Ensure, Find and Resolve do so themselves;
// whoever has a bundle for longer does it regularly. What is no hash is left out.
func (s *Store) Use(hashes ...string) error {
	var failures []error
	for _, hash := range hashes {
		if isKey(hash) {
			failures = append(failures, s.mark(hash))
		}
	}
	return errors.Join(failures...)
}

func (s *shared) mark(key string) error {
	name := filepath.Join(s.used(), key)
	now := time.Now()
	if err := os.Chtimes(name, now, now); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Chtimes(name, now, now))
}

// use marks what is about to be handed out, before it is looked whether it is there: so Collect either sees the mark, or
// has taken the bundle away by then. Without marks an orbitd works on.
func (s *shared) use(keys ...string) {
	for _, key := range keys {
		if err := s.mark(key); err != nil {
			s.logger.Warn("cannot note that a bundle is in use: it may be collected", "bundle", key, "error", err)
		}
	}
}

// lastUsed is when the key was marked; one that never was counts from when its folder was made.
func (s *shared) lastUsed(key string) time.Time {
	for _, name := range []string{
		filepath.Join(s.used(), key), filepath.Join(s.bundles(), key, manifestFile), filepath.Join(s.resolved(), key),
	} {
		if info, err := os.Stat(name); err == nil {
			return info.ModTime()
		}
	}
	return time.Time{}
}

// running counts the processes that run a program of a bundle, by hash, as far as this user may see.
func (s *shared) running() map[string]int {
	found := map[string]int{}
	programs, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return found
	}
	bundles, err := filepath.EvalSymlinks(s.bundles())
	if err != nil {
		return found
	}
	for _, link := range programs {
		program, err := os.Readlink(link)
		if err != nil {
			continue // another user's, or it has ended
		}
		if rest, inside := strings.CutPrefix(program, bundles+string(filepath.Separator)); inside {
			key, _, _ := strings.Cut(rest, string(filepath.Separator))
			found[key]++
		}
	}
	return found
}

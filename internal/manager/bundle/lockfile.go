package bundle

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// lockedPackages returns the folders, relative to dir, that the lockfile in dir wants on this platform. They are for
// telling progress: a lockfile that cannot be read is npm's to complain about.
func lockedPackages(dir string) []string {
	text, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		return nil
	}
	entries, err := readLockfile(text)
	if err != nil {
		return nil
	}
	var folders []string
	for path, e := range entries {
		if path != "" && e.here() {
			folders = append(folders, path)
		}
	}
	return folders
}

// hasAllPackages says whether every package is there that the lockfile in dir wants on this platform, those aside that npm
// may leave out.
func hasAllPackages(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		return false
	}
	entries, err := readLockfile(text)
	if err != nil {
		return false
	}
	for path, e := range entries {
		if path == "" || e.Optional || !e.here() {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, path, manifestFile)); err != nil {
			return false
		}
	}
	return true
}

// here says whether the package is for this platform.
func (e lockEntry) here() bool {
	_, cpu, _ := strings.Cut(platform(), "-")
	return e.OS.allow(runtime.GOOS) && e.CPU.allow(cpu)
}

// oneOrMore is a list that npm also takes as a single string.
type oneOrMore []string

// UnmarshalJSON reads either form.
func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	var one string
	if err := json.Unmarshal(text, &one); err == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

// allow says whether the list, as npm reads it, lets a package be installed here.
func (o oneOrMore) allow(here string) bool {
	if len(o) == 0 || slices.Contains(o, here) {
		return true
	}
	return !slices.Contains(o, "!"+here) && strings.HasPrefix(o[0], "!")
}

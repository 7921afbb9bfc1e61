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
	var locked struct {
		Packages map[string]struct {
			OS  oneOrMore `json:"os"`
			CPU oneOrMore `json:"cpu"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(text, &locked); err != nil {
		return nil
	}
	_, cpu, _ := strings.Cut(platform(), "-")
	var folders []string
	for name, entry := range locked.Packages {
		if name != "" && entry.OS.allow(runtime.GOOS) && entry.CPU.allow(cpu) {
			folders = append(folders, name)
		}
	}
	return folders
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

package bundle

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Info describes an installed bundle.
type Info struct {
	Hash string `json:"hash"`
	// Release is the Backstage version.
	Release string `json:"release"`
	// Plugins are what is added to the release, name@version each, by name.
	Plugins []string `json:"plugins"`
	// Bytes is what the bundle takes on disk. OwnBytes of these nothing else shares: removing it frees them.
	Bytes    int64 `json:"bytes"`
	OwnBytes int64 `json:"own_bytes"`
	// Made is when it was installed.
	Made time.Time `json:"made"`
	// Used is when an orbitd last noted that it uses it, which it does every hour as long as it does.
	Used time.Time `json:"used"`
	// Processes is how many run a program of it now, as far as this user may see.
	Processes int `json:"processes"`
}

// List describes the installed bundles, the most recently used first. The releases are those whose plugins it can tell
// from the release's own packages.
func (s *Store) List(ctx context.Context, releases ...Release) ([]Info, error) {
	entries, err := os.ReadDir(s.bundles())
	if err != nil {
		return nil, fmt.Errorf("list the bundles: %w", err)
	}
	running := s.running()
	list := []Info{}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if b := s.bundle(entry.Name()); isKey(b.Hash) && s.exists(b) {
			info, err := s.describe(b, releases)
			if err != nil {
				return nil, fmt.Errorf("list the bundles: %w", err)
			}
			info.Processes = running[b.Hash]
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Or(b.Used.Compare(a.Used), cmp.Compare(a.Hash, b.Hash)) })
	return list, nil
}

func (s *shared) describe(b Bundle, releases []Release) (Info, error) {
	name := filepath.Join(b.Dir, manifestFile)
	var manifest struct {
		Version      string            `json:"version"`
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := readJSON(name, &manifest); err != nil {
		return Info{}, err
	}
	made, err := os.Stat(name)
	if err != nil {
		return Info{}, err
	}
	info := Info{
		Hash: b.Hash, Release: manifest.Version, Plugins: []string{}, Made: made.ModTime(), Used: s.lastUsed(b.Hash),
	}
	for _, release := range releases {
		if release.Version != info.Release {
			continue
		}
		own := release.Dependencies()
		for name, version := range manifest.Dependencies {
			if own[name] == "" {
				info.Plugins = append(info.Plugins, Plugin{name, version}.String())
			}
		}
	}
	slices.Sort(info.Plugins)
	info.Bytes, info.OwnBytes, err = onDisk(b.Dir)
	return info, err
}

// blockSize is the unit of stat's st_blocks, whatever the file system.
const blockSize = 512

// onDisk is what a folder takes on disk, and how much of it no other folder shares, in bytes.
func onDisk(dir string) (all, own int64, err error) {
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return 0, 0, err
	}
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		system, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return nil
		}
		all += system.Blocks * blockSize
		if entry.IsDir() || system.Nlink == 1 {
			own += system.Blocks * blockSize
		}
		return nil
	})
	return all, own, err
}

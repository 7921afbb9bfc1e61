package bundle

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Info describes an installed bundle.
type Info struct {
	Hash string `json:"hash"`
	// Set is the name of the set of packages that it starts from: that of a release's backend, or of its web app.
	Set string `json:"set"`
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

// Hashes are those of the installed bundles, in order.
func (s *Store) Hashes() ([]string, error) {
	entries, err := os.ReadDir(s.bundles())
	if err != nil {
		return nil, fmt.Errorf("list the bundles: %w", err)
	}
	var hashes []string
	for _, entry := range entries {
		if b := s.bundle(entry.Name()); isKey(b.Hash) && s.exists(b) {
			hashes = append(hashes, b.Hash)
		}
	}
	return hashes, nil
}

// List describes the installed bundles, the most recently used first. The releases are those whose plugins it can tell
// from the release's own packages.
func (s *Store) List(ctx context.Context, releases ...Release) ([]Info, error) {
	hashes, err := s.Hashes()
	if err != nil {
		return nil, err
	}
	running := s.running()
	list := make([]Info, len(hashes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, hash := range hashes {
		group.Go(func() (err error) {
			if list[i], err = s.describe(s.bundle(hash), releases); err != nil {
				return fmt.Errorf("list bundle %s: %w", hash, err)
			}
			list[i].Processes = running[hash]
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Or(b.Used.Compare(a.Used), cmp.Compare(a.Hash, b.Hash)) })
	return list, nil
}

func (s *shared) describe(b Bundle, releases []Release) (Info, error) {
	name := filepath.Join(b.Dir, manifestFile)
	var manifest struct {
		Name         string            `json:"name"`
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
		Hash: b.Hash, Set: manifest.Name, Release: manifest.Version, Plugins: []string{}, Made: made.ModTime(), Used: s.lastUsed(b.Hash),
	}
	for _, release := range releases {
		if release.Version != info.Release || release.name() != info.Set {
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

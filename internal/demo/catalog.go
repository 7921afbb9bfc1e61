package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// readableCatalog copies the quickstart's entities to the demo's data directory when the checkout is in a folder that
// other users cannot enter, root's home for example, and returns where they are then. As root every instance runs as a
// user of its own and has to read them.
func (d *demo) readableCatalog() (string, error) {
	source := filepath.Join(d.root, quickstart, "catalog")
	if os.Geteuid() != 0 || reachable(source) {
		return "", nil
	}
	target := filepath.Join(d.data, "catalog")
	if err := os.RemoveAll(target); err != nil {
		return "", fmt.Errorf("copy the catalog: %w", err)
	}
	if err := os.CopyFS(target, os.DirFS(source)); err != nil {
		return "", fmt.Errorf("copy the catalog: %w", err)
	}
	err := filepath.WalkDir(target, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if entry.IsDir() {
			mode = 0o755
		}
		return os.Chmod(path, mode)
	})
	return target, err
}

// reachable says whether every user can enter the folder.
func reachable(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}

// removeData removes everything of the demo that is not in the checkout.
func (d *demo) removeData() error {
	return errors.Join(os.RemoveAll(d.data), os.RemoveAll(filepath.Join(d.root, ".orbit")))
}

package managertest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// BorrowRelease makes a cache that has the installed release, and that goes with the test; see [Borrow]. Where no release is
// installed the test is skipped.
func BorrowRelease(t *testing.T) (dir string) {
	t.Helper()
	installed := os.Getenv("ORBIT_TEST_BUNDLE")
	if installed == "" {
		t.Skip(ErrNoBundle)
	}
	// Not in memory: what is installed shares files with the release where both are of one file system.
	dir, err := os.MkdirTemp("", "orbit-cache-") //nolint:usetesting // a test's own folder is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := Borrow(dir, installed); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Borrow makes dir a cache that has an installed release of another one and the web apps of that, so that what is made up
// stays out of it.
func Borrow(dir, installed string) error {
	bundles := filepath.Join(dir, "bundles")
	err := errors.Join(os.MkdirAll(bundles, 0o755), os.Chmod(dir, 0o755), os.Chmod(bundles, 0o755)) // instances run as other users
	if err != nil {
		return err
	}
	if err := os.Symlink(installed, filepath.Join(bundles, filepath.Base(installed))); err != nil {
		return err
	}
	return borrowApps(filepath.Join(filepath.Dir(filepath.Dir(installed)), "derived"), filepath.Join(dir, "derived"))
}

func borrowApps(from, to string) error {
	if err := errors.Join(os.Mkdir(to, 0o755), os.Chmod(to, 0o755)); err != nil {
		return err
	}
	apps, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, app := range apps {
		if err := os.Symlink(filepath.Join(from, app.Name()), filepath.Join(to, app.Name())); err != nil {
			return err
		}
	}
	return nil
}

package managertest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// BorrowRelease makes dir a cache that has the installed release which ORBIT_TEST_BUNDLE names; see [Borrow]. Without it the
// error is ErrNoBundle.
func BorrowRelease(dir string) error {
	installed := os.Getenv("ORBIT_TEST_BUNDLE")
	if installed == "" {
		return ErrNoBundle
	}
	return Borrow(dir, installed)
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

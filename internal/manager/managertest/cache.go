package managertest

import (
	"errors"
	"os"
	"path/filepath"
)

// BorrowRelease makes dir a cache that has the installed release of another one, which ORBIT_TEST_BUNDLE names, so that
// what a test makes up stays out of that. Without it the error is ErrNoBundle.
func BorrowRelease(dir string) error {
	installed := os.Getenv("ORBIT_TEST_BUNDLE")
	if installed == "" {
		return ErrNoBundle
	}
	bundles := filepath.Join(dir, "bundles")
	err := errors.Join(os.MkdirAll(bundles, 0o755), os.Chmod(dir, 0o755), os.Chmod(bundles, 0o755)) // instances run as other users
	if err != nil {
		return err
	}
	return os.Symlink(installed, filepath.Join(bundles, filepath.Base(installed)))
}

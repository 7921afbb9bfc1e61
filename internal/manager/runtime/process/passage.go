package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// explainDenied adds to a refused start the folder that the user cannot pass, on the way to one of the paths.
func explainDenied(err error, user uint32, paths ...string) error {
	if !errors.Is(err, fs.ErrPermission) || user == 0 {
		return err
	}
	for _, path := range paths {
		if dir := closedFolder(path); dir != "" {
			return fmt.Errorf("%w: user %d cannot pass the folder %s; give it the mode 0711", err, user, dir)
		}
	}
	return err
}

// closedFolder is the first folder above the path that not everybody can pass; "" when there is none.
func closedFolder(path string) string {
	dir := filepath.Dir(path)
	if dir != path {
		if closed := closedFolder(dir); closed != "" {
			return closed
		}
	}
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
		return dir
	}
	return ""
}

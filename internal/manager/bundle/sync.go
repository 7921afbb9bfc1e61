package bundle

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// syncFilesystem writes to disk all that is not yet, of the file system that dir is in. For a build's tens of thousands
// of files that is far cheaper than asking for each.
func syncFilesystem(dir string) error {
	return withOpen(dir, func(f *os.File) error { return unix.Syncfs(int(f.Fd())) })
}

// syncNames writes to disk which names a folder has.
func syncNames(dir string) error { return withOpen(dir, (*os.File).Sync) }

func withOpen(dir string, do func(*os.File) error) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(do(f), f.Close()); err != nil {
		return fmt.Errorf("write %s to disk: %w", dir, err)
	}
	return nil
}

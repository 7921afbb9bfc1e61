package webapp

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// packed are the kinds of files that pack packs, which the host has a content type for: see backstage/host/packed.mjs.
var packed = []string{".js", ".css"}

// pack puts beside each script and style sheet of a folder what browsers get of it, so that it is compressed once, and
// not by every process for every browser.
func pack(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if !slices.Contains(packed, filepath.Ext(entry.Name())) {
			continue
		}
		if err := packFile(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("compress %s: %w", entry.Name(), err)
		}
	}
	return nil
}

func packFile(name string) (err error) {
	from, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(name+".gz", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	writer, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = io.Copy(writer, from)
	return errors.Join(err, writer.Close())
}

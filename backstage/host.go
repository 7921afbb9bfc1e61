package backstage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// Host returns the files of the host; host.mjs at its root is the program's entry point. It needs nothing beside them
// but Node.js and an installed bundle.
func Host() fs.FS { return subtree(hostFiles, "host") }

// HostHash identifies the content of Host: a SHA-256 in hexadecimal over the files' names and contents, for the name of
// the folder that they are written to.
func HostHash() string { return hashOf(Host()) }

// hashOf identifies the content of embedded files, which are readable as surely as this package compiles.
func hashOf(files fs.FS) string {
	hash := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error { // in order
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(hash, "%s %d\n%s", name, len(content), content)
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("backstage: read embedded files: %v", err))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

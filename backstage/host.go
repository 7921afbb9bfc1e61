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
func HostHash() string {
	hash := sha256.New()
	host := Host()
	names, err := fs.Glob(host, "*.mjs") // sorted
	if err != nil {
		panic(fmt.Sprintf("backstage: list the embedded host: %v", err))
	}
	for _, name := range names {
		content, err := fs.ReadFile(host, name)
		if err != nil {
			panic(fmt.Sprintf("backstage: read the embedded host: %v", err))
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(content), content)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

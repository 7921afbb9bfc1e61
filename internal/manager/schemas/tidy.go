package schemas

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	readingPrefix = ".reading-"
	keepingPrefix = ".keeping-"
	// placePrefix begins the folder that schema.mjs works in.
	placePrefix = "orbit-schema-"
	// leftAfter is when such a thing is what a dead orbitd left; others may share the folder.
	leftAfter = time.Hour
)

// tidy removes what readings left that ended before they were done.
func (k *Keeper) tidy() {
	entries, err := os.ReadDir(k.Dir)
	if err != nil {
		return // it only costs room
	}
	for _, entry := range entries {
		begins := func(prefix string) bool { return strings.HasPrefix(entry.Name(), prefix) }
		info, err := entry.Info()
		if err != nil || !slices.ContainsFunc([]string{readingPrefix, keepingPrefix, placePrefix}, begins) {
			continue
		}
		if time.Since(info.ModTime()) > leftAfter {
			_ = os.RemoveAll(filepath.Join(k.Dir, entry.Name()))
		}
	}
}

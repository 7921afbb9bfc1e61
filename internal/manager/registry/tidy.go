package registry

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// keptFor is how long an answer stays that nobody renews, as happens daily to those that are needed.
	keptFor = 30 * 24 * time.Hour
	// leftAfter is when a folder for a package or an audit is what a dead orbitd left; others may share the cache.
	leftAfter = time.Hour
)

// tidy removes what is in the folder of answers for nobody any more.
func (r *Registry) tidy() {
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		return // it only costs room
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue
		}
		age, limit := r.now().Sub(info.ModTime()), keptFor
		if strings.HasPrefix(entry.Name(), ".") {
			limit = leftAfter
		}
		if age > limit {
			_ = os.RemoveAll(filepath.Join(r.Dir, entry.Name()))
		}
	}
}

package manager

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// DefaultDataDir is where orbitd keeps its state: /var/lib/orbit for root, because the users that instances run as
// cannot read root's home, else orbit in the user's XDG data folder.
func DefaultDataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/orbit", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "orbit"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the user's data folder: %w; name one with --data-dir", err)
	}
	return filepath.Join(home, ".local", "share", "orbit"), nil
}

// TokenFile is where the API token is that the orbitd of a data directory made at its first start.
func TokenFile(dataDir string) string { return filepath.Join(dataDir, "token") }

// defaultRunDir is where the sockets of a data directory's instances are. It is short, because a socket's path may have
// 107 bytes, and differs for every data directory.
func defaultRunDir(dataDir string) string {
	sum := sha256.Sum256([]byte(dataDir))
	name := hex.EncodeToString(sum[:4])
	if os.Geteuid() == 0 {
		return filepath.Join("/run/orbit", name)
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "orbit", name)
	}
	return filepath.Join(os.TempDir(), "orbit-"+strconv.Itoa(os.Geteuid()), name)
}

// makeDir makes a folder of orbitd's own. Where each workspace has a user of its own, those users have to get through
// it to their files, and nothing else. A folder that is there already is left as it is, if nobody else can put another
// in its place.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		return checkOwner(dir, info)
	}
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return fmt.Errorf("make the folder %s: %w", dir, err)
	}
	// The umask may have taken away what other users need.
	if err := os.Chmod(dir, mode); err != nil {
		return fmt.Errorf("set the mode of %s: %w", dir, err)
	}
	parent := filepath.Dir(dir)
	info, err := os.Stat(parent)
	if err != nil {
		return fmt.Errorf("make the folder %s: %w", dir, err)
	}
	return checkOwner(parent, info)
}

// checkOwner refuses a folder that another user owns and could swap what is in it. One that everybody may write to has
// to keep them from each other's files, as /tmp does.
func checkOwner(dir string, info os.FileInfo) error {
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid) //nolint:forcetypeassert // Linux
	if owner != os.Geteuid() && owner != 0 {
		return fmt.Errorf("the folder %s belongs to another user (id %d): name another one", dir, owner)
	}
	if info.Mode()&0o002 != 0 && info.Mode()&os.ModeSticky == 0 {
		return fmt.Errorf("everybody may replace what is in the folder %s: take that right away with chmod o-w, or name another one", dir)
	}
	return nil
}

// postgresDir is where the embedded PostgreSQL keeps its data.
func postgresDir(o Options) string { return filepath.Join(o.DataDir, "postgres") }

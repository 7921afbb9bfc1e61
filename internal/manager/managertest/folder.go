package managertest

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// memoryDir is where Linux has a file system in memory.
	memoryDir = "/dev/shm"
	// memoryRoom is what has to be free there, in bytes: much more than the tests that run at a time take.
	memoryRoom = 4 << 30
)

// OpenDir makes a temporary folder that other users can enter: when root runs the tests, PostgreSQL and the instances are
// such. The caller removes it. It is in memory where there is room, since PostgreSQL writes hundreds of files for a database.
func OpenDir() (string, error) {
	dir, err := os.MkdirTemp(folderOfFolders(), "orbit-test-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the test: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", errors.Join(fmt.Errorf("open the test's folder: %w", err), os.RemoveAll(dir))
	}
	return dir, nil
}

func folderOfFolders() string {
	var stat syscall.Statfs_t
	err := syscall.Statfs(memoryDir, &stat)
	if err != nil || stat.Flags&unix.MS_NOEXEC != 0 || stat.Bavail*uint64(stat.Bsize) < memoryRoom {
		return "" // the usual one
	}
	return memoryDir
}

package manager

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lockFile carries the lock of a data directory and the pid of the orbitd that holds it.
const lockFile = "orbitd.lock"

// RunningError says that another orbitd uses the data directory.
type RunningError struct {
	DataDir string
	// PID is the other's; 0 when it could not be read.
	PID int
}

// Error says what to do.
func (e *RunningError) Error() string {
	return fmt.Sprintf("another orbitd (pid %d) uses the data directory %s: stop it with orbitd stop, or name another with --data-dir",
		e.PID, e.DataDir)
}

// lock takes the data directory for this process, or returns a *RunningError.
func lock(dataDir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dataDir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		_ = file.Close()
		return nil, &RunningError{DataDir: dataDir, PID: holder(dataDir)}
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock the data directory %s: %w", dataDir, err)
	}
	if err := errors.Join(file.Truncate(0), writePID(file)); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("write the pid into %s: %w", lockFile, err)
	}
	return file, nil
}

// writePID writes this process's pid, in one go over whichever is there: readers see the one or the other.
func writePID(file *os.File) error {
	_, err := file.WriteAt(fmt.Appendf(nil, "%-10d\n", os.Getpid()), 0)
	return err
}

// holder reads the pid of the orbitd that holds the lock; 0 when it is unknown.
func holder(dataDir string) int {
	content, err := os.ReadFile(filepath.Join(dataDir, lockFile))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0
	}
	return pid
}

// stopRunning asks the orbitd of the data directory to end and waits until it has, so that the lock can be taken. It
// says whether there was one.
func stopRunning(ctx context.Context, dataDir string) (bool, error) {
	file, err := lock(dataDir)
	if err == nil {
		return false, file.Close()
	}
	var running *RunningError
	if !errors.As(err, &running) {
		return false, err
	}
	if running.PID == 0 {
		return false, fmt.Errorf("an orbitd uses %s, but its pid is unknown: stop it by hand", dataDir)
	}
	// It is this program itself where it had the lock until just now: what it was just starting has it until it runs.
	if running.PID != os.Getpid() {
		if err := unix.Kill(running.PID, unix.SIGTERM); err != nil {
			return false, fmt.Errorf("stop orbitd (pid %d): %w", running.PID, err)
		}
	}
	// The lock goes with the process, so taking it is how to see the end; flock offers no wait with a deadline.
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false, fmt.Errorf("wait for orbitd (pid %d) to end: %w", running.PID, ctx.Err())
		}
		if file, err := lock(dataDir); err == nil {
			return true, file.Close()
		}
	}
}

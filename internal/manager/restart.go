package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// RestartSignal makes an orbitd hand over to a successor.
const RestartSignal = unix.SIGUSR2

// Restart makes the orbitd of the data directory (DefaultDataDir when empty) hand over to a successor, which is started
// from the program's file as it is now, and returns when that one serves. No connection is refused. An error means that
// the orbitd before serves on, or says otherwise.
func Restart(ctx context.Context, dataDir string) (Handover, error) {
	o, err := Options{DataDir: dataDir}.withDefaults()
	if err != nil {
		return Handover{}, err
	}
	pid, err := running(o.DataDir)
	if err != nil {
		return Handover{}, fmt.Errorf("restart orbitd: %w", err)
	}
	path := filepath.Join(o.DataDir, handoverFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Handover{}, fmt.Errorf("restart orbitd: %w", err)
	}
	if err := unix.Kill(pid, RestartSignal); err != nil {
		return Handover{}, fmt.Errorf("restart orbitd (pid %d): %w", pid, err)
	}
	h, err := awaitHandover(ctx, path, pid)
	if err != nil {
		return Handover{}, fmt.Errorf("restart orbitd (pid %d): %w", pid, err)
	}
	if h.Error != "" {
		return h, fmt.Errorf("restart orbitd: %s; pid %d serves on", h.Error, h.From)
	}
	return h, nil
}

// running is the pid of the orbitd that uses the data directory.
func running(dataDir string) (int, error) {
	if _, err := os.Stat(dataDir); err != nil {
		return 0, fmt.Errorf("no orbitd has run with the data directory %s: %w", dataDir, err)
	}
	file, err := lock(dataDir)
	if err == nil {
		return 0, errors.Join(fmt.Errorf("none runs with the data directory %s: start it with orbitd serve", dataDir), file.Close())
	}
	var other *RunningError
	if !errors.As(err, &other) {
		return 0, err
	}
	if other.PID == 0 {
		return 0, fmt.Errorf("one uses %s, but its pid is unknown", dataDir)
	}
	return other.PID, nil
}

// awaitHandover returns how the restart that pid was asked for ended, which it writes into the file at path.
func awaitHandover(ctx context.Context, path string, pid int) (Handover, error) {
	ticker := time.NewTicker(20 * time.Millisecond) // another process's file gives no signal
	defer ticker.Stop()
	for {
		gone := unix.Kill(pid, 0) != nil // before the file is read: it is written before the end
		var h Handover
		content, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(content, &h)
		}
		switch {
		case err == nil:
			return h, nil
		case !errors.Is(err, fs.ErrNotExist):
			return h, fmt.Errorf("read how it ended: %w", err)
		case gone:
			return h, errors.New("it ended meanwhile; its log says why")
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return h, fmt.Errorf("it is still not done: %w; its log says what it does", ctx.Err())
		}
	}
}

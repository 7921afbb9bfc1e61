package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// controlFlag is the host's flag whose value, the socket's path, is like no other process's.
const controlFlag = "--control"

// find looks for the process that was started with the control socket, for an orbitd that ended before it stored what
// Start returned; runtime.ErrGone when there is none. What it finds belongs to the owner of the socket's folder, so
// that no other user can pass a process of theirs off as it.
func find(socket string) (identity, error) {
	id := identity{Socket: socket}
	info, err := os.Stat(filepath.Dir(socket))
	if errors.Is(err, os.ErrNotExist) {
		return id, runtime.ErrGone
	}
	if err != nil {
		return id, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return id, fmt.Errorf("tell the owner of %s", info.Name())
	}
	id.UserID = stat.Uid
	id.Isolated = int(stat.Uid) != os.Geteuid()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return id, err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || controlSocket(pid) != socket || !runsAs(pid, id.UserID) {
			continue
		}
		id.PID = pid
		return id, id.lookUp()
	}
	return id, runtime.ErrGone
}

// controlSocket is where the process was told to listen; "" where it is no host, or gone.
func controlSocket(pid int) string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	args := strings.Split(string(line), "\x00")
	i := slices.Index(args, controlFlag)
	if i < 0 || i+1 >= len(args) {
		return ""
	}
	return args[i+1]
}

// runsAs says whether the process is the user's.
func runsAs(pid int, user uint32) bool {
	var stat unix.Stat_t
	return unix.Stat(fmt.Sprintf("/proc/%d", pid), &stat) == nil && stat.Uid == user
}

// lookUp fills in what the kernel knows of the process.
func (id *identity) lookUp() (err error) {
	if id.BootID, err = bootID(); err != nil {
		return err
	}
	id.StartTicks, err = startTicks(id.PID)
	if errors.Is(err, os.ErrNotExist) {
		return runtime.ErrGone
	}
	if err != nil {
		return err
	}
	if id.Log, err = os.Readlink(fmt.Sprintf("/proc/%d/fd/1", id.PID)); err != nil {
		return fmt.Errorf("find the log of process %d: %w", id.PID, err)
	}
	id.StartedAt, err = startTime(id.StartTicks)
	return err
}

// ticksPerSecond is USER_HZ, which Linux keeps at 100 for programs on every architecture that Node runs on.
const ticksPerSecond = 100

// startTime turns ticks since the boot into a time.
func startTime(ticks uint64) (time.Time, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, err
	}
	for line := range bytes.Lines(stat) {
		if value, ok := bytes.CutPrefix(line, []byte("btime ")); ok {
			boot, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
			sinceBoot := time.Duration(ticks) * (time.Second / ticksPerSecond)
			return time.Unix(boot, 0).Add(sinceBoot), err
		}
	}
	return time.Time{}, errors.New("/proc/stat does not tell when the machine was booted")
}

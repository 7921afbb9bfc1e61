package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// identity is the Data of a Handle: all that is needed to find the process again and to be sure that it is the same.
type identity struct {
	PID int `json:"pid"`
	// StartTicks is when the kernel started it, in clock ticks since the boot: with it a pid cannot be mistaken for
	// its next user.
	StartTicks uint64 `json:"start_ticks"`
	// BootID tells the boots of the machine apart.
	BootID string `json:"boot_id"`
	// Socket is the control socket.
	Socket string `json:"socket"`
	// Log is the process's own log file.
	Log string `json:"log"`
	// UserID is the user it runs as.
	UserID uint32 `json:"user_id"`
	// Isolated says whether that user is the workspace's own.
	Isolated  bool      `json:"isolated"`
	StartedAt time.Time `json:"started_at"`
}

// identityOf reads the identity out of a handle of this runtime, or finds the process on the socket when the handle was
// made before the process was.
func identityOf(h runtime.Handle, socket string) (identity, error) {
	id := identity{Socket: socket}
	if h.Runtime != Name || h.Version != runtime.HandleVersion {
		return id, fmt.Errorf("the handle is of runtime %q, version %d; this is %q, version %d",
			h.Runtime, h.Version, Name, runtime.HandleVersion)
	}
	if len(h.Data) == 0 {
		return find(socket)
	}
	if err := json.Unmarshal(h.Data, &id); err != nil {
		return id, fmt.Errorf("read the handle's data: %w", err)
	}
	if id.PID <= 1 {
		return id, fmt.Errorf("the handle names process %d, which no instance can be", id.PID)
	}
	return id, nil
}

// bootID is the kernel's random name for this boot.
func bootID() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("tell this boot of the machine from others: %w", err)
	}
	return string(bytes.TrimSpace(id)), nil
}

// startTicks is when the kernel started the process, in clock ticks since the boot: field 22 of /proc/PID/stat. A
// process that has ended and only waits to be reaped counts as not there.
func startTicks(pid int) (uint64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is a name in parentheses that may itself hold spaces and parentheses.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const state, start = 0, 19
	if len(fields) <= start {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields after the name", pid, len(fields))
	}
	if s := fields[state][0]; s == 'Z' || s == 'X' {
		return 0, os.ErrNotExist
	}
	return strconv.ParseUint(string(fields[start]), 10, 64)
}

// residentBytes is the resident memory of the process.
func residentBytes(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kib, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))), 10, 64)
			return kib << 10, err
		}
	}
	return 0, os.ErrNotExist // a process that has just ended has no memory any more
}

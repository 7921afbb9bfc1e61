// Package memory says how much memory this machine, or the control group that orbitd runs in, has left for instances.
package memory

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// State is the memory there is, in bytes.
type State struct {
	// Total is all of it.
	Total int64
	// Available is what processes can still take without anything being swapped out or killed: free memory, and what
	// the kernel only keeps as a cache.
	Available int64
}

// Read reads the machine's memory, and that of every control group (version 2) that orbitd is in and that has a limit;
// the scarcest counts. Instances of the process runtime are in the same groups.
func Read() (State, error) { return read(os.DirFS("/")) }

// read is Read on the root of a file system.
func read(root fs.FS) (State, error) {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return State{}, fmt.Errorf("read how much memory there is: %w", err)
	}
	var s State
	if s.Total, err = kilobytes(text, "MemTotal:"); err != nil {
		return State{}, err
	}
	if s.Available, err = kilobytes(text, "MemAvailable:"); err != nil {
		return State{}, err
	}
	groups, err := groups(root)
	if err != nil {
		return State{}, err
	}
	for _, dir := range groups {
		group, err := limited(root, dir)
		if err != nil {
			return State{}, err
		}
		s.Total, s.Available = min(s.Total, group.Total), min(s.Available, group.Available)
	}
	s.Available = max(s.Available, 0)
	return s, nil
}

// groups are the folders of the control group that this process is in and of those above it; none without version 2.
func groups(root fs.FS) ([]string, error) {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read which control group this is: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		name, found := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !found {
			continue
		}
		const mount = "sys/fs/cgroup"
		var dirs []string
		for dir := path.Join(mount, path.Clean("/"+name)); dir != mount; dir = path.Dir(dir) {
			dirs = append(dirs, dir)
		}
		return append(dirs, mount), nil // in a container its own group is the mount itself
	}
	return nil, nil
}

// limited is what the group's limit leaves; without one that is no bound at all.
func limited(root fs.FS, dir string) (State, error) {
	unlimited := State{Total: math.MaxInt64, Available: math.MaxInt64}
	limit, err := fs.ReadFile(root, path.Join(dir, "memory.max"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && string(bytes.TrimSpace(limit)) == "max" {
		return unlimited, nil
	}
	if err != nil {
		return unlimited, fmt.Errorf("read the memory limit of a control group: %w", err)
	}
	most, err := strconv.ParseInt(string(bytes.TrimSpace(limit)), 10, 64)
	if err != nil {
		return unlimited, fmt.Errorf("read the memory limit of a control group: %w", err)
	}
	text, err := fs.ReadFile(root, path.Join(dir, "memory.current"))
	if err != nil {
		return unlimited, fmt.Errorf("read the memory of a control group: %w", err)
	}
	used, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return unlimited, fmt.Errorf("read the memory of a control group: %w", err)
	}
	// File pages that were not used lately count as used, and go when somebody needs them.
	if stat, err := fs.ReadFile(root, path.Join(dir, "memory.stat")); err == nil {
		if cache, err := number(stat, "inactive_file"); err == nil {
			used -= cache
		}
	}
	return State{Total: most, Available: most - used}, nil
}

func kilobytes(text []byte, name string) (int64, error) {
	n, err := number(text, name)
	return n << 10, err
}

// number is the number that follows the name at the beginning of a line.
func number(text []byte, name string) (int64, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == name {
			return strconv.ParseInt(fields[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("the kernel does not say %s", strings.TrimSuffix(name, ":"))
}

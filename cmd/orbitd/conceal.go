package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
)

// coreLimit switches core dumps off, in bytes: 1 and not 0, because the kernel hands the dump to a program named in
// core_pattern whatever the limit, except for exactly 1.
const coreLimit = 1

// conceal keeps this program's memory, which can hold the sealing key and secrets, out of core dumps and from other
// processes of the same user: instances are such where orbitd is not root. What it starts inherits the limit alone.
func conceal() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("read the limit of core dumps: %w", err)
	}
	limit.Max = min(limit.Max, coreLimit)
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("keep this program's memory to itself: %w", err)
	}
	return nil
}

// sealingKey takes the key out of the environment, and with it what else orbitd's children are not to inherit. A
// successor is given both again. /proc/PID/environ shows what the program was started with nevertheless.
func sealingKey() string {
	key := os.Getenv(manager.SealingKeyVariable)
	for _, name := range []string{manager.SealingKeyVariable, manager.PostgresURLVariable} {
		_ = os.Unsetenv(name) // it fails for malformed names only
	}
	return key
}

// Package npm runs npm: with the user's own configuration, which says where packages come from and with which
// credentials, and without what in it would change the result. No package's script is ever run.
package npm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoNPM is wrapped by what needs npm on a machine without it.
var ErrNoNPM = errors.New("npm was not found: install Node.js 22 or 24 with npm " +
	"(from your distribution or nodejs.org) and see that npm is in orbitd's PATH")

// killDelay is how long npm may take to end once it was told to.
const killDelay = 5 * time.Second

// Client runs npm. The zero Client runs the npm in PATH.
type Client struct {
	// Path is the path of npm; "" looks for it in PATH.
	Path string
	// Env are variables, NAME=value, that npm has in place of orbitd's own of these names, whatever their case: npm reads
	// its settings so.
	Env []string
}

// Call is one command of npm.
type Call struct {
	// Dir is the folder it runs in.
	Dir string
	// NodeDir is a folder with the node to run it on; "" leaves that to PATH.
	NodeDir string
	// Args are the command and its arguments.
	Args []string
	// Hold are files that npm and what it starts keep open until they end.
	Hold []*os.File
	// MaxFile is how large a file may get that npm writes, in bytes, be it unpacked or in npm's cache; 0 is any size. One
	// that would be larger makes npm fail: FileTooLarge.
	MaxFile int64
}

// Run runs npm and returns what it printed on stdout. When npm fails the error is a *Failure. The whole process group is
// killed when ctx ends.
func (c Client) Run(ctx context.Context, call Call) ([]byte, error) {
	path, err := c.find()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, call.Args...)
	cmd.Dir = call.Dir
	cmd.Env = append(environment(without(os.Environ(), c.Env), call.NodeDir), c.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killDelay
	cmd.ExtraFiles = call.Hold
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err = cmd.Start(); err == nil {
		err = errors.Join(limitFiles(cmd.Process.Pid, call.MaxFile), cmd.Wait())
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("npm %s: %w", call.Args[0], context.Cause(ctx))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == unix.SIGXFSZ {
			return nil, &Failure{Command: call.Args[0], Code: codeTooLarge}
		}
		return nil, newFailure(call.Args[0], stdout.Bytes(), stderr.Bytes())
	}
	if err != nil {
		return nil, fmt.Errorf("run npm %s: %w", call.Args[0], err)
	}
	return stdout.Bytes(), nil
}

// limitFiles sets the process's limit. npm reads its configuration for longer than this takes before it writes anything.
func limitFiles(pid int, size int64) error {
	if size <= 0 {
		return nil
	}
	limit := unix.Rlimit{Cur: uint64(size), Max: uint64(size)}
	err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil)
	if errors.Is(err, unix.ESRCH) {
		return nil // it has ended, and Wait says how
	}
	return err
}

func (c Client) find() (string, error) {
	name := c.Path
	if name == "" {
		name = "npm"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrNoNPM, err)
	}
	return path, nil
}

// without returns the variables whose names are not among those of others.
func without(variables, others []string) []string {
	name := func(entry string) string {
		name, _, _ := strings.Cut(strings.ToLower(entry), "=")
		return name
	}
	return slices.DeleteFunc(slices.Clone(variables), func(entry string) bool {
		return slices.ContainsFunc(others, func(other string) bool { return name(other) == name(entry) })
	})
}

// ignored are settings of the user, or of an npm that orbitd was started by, that would change what is installed.
var ignored = []string{
	"omit", "include", "optional", "production", "only", "also", "dev", "global", "location", "prefix", "local_prefix",
	"global_prefix", "dry_run", "package_lock", "package_lock_only", "shrinkwrap", "save", "workspace", "workspaces",
	"include_workspace_root", "install_links", "install_strategy", "global_style", "legacy_bundling", "before", "json",
	"loglevel", "os", "cpu", "libc", "update_notifier", "fund", "audit", "progress", "color",
}

// environment returns the user's environment with what npm must know (home, proxies, registries, credentials) and
// without what would change the result.
func environment(user []string, nodeDir string) []string {
	var env []string
	path := ""
	for _, entry := range user {
		name, value, _ := strings.Cut(entry, "=")
		setting, isSetting := strings.CutPrefix(strings.ToLower(name), "npm_config_")
		switch {
		case isSetting && slices.Contains(ignored, strings.ReplaceAll(setting, "-", "_")):
		case name == "NODE_ENV", name == "NODE_OPTIONS", name == "INIT_CWD":
		case strings.HasPrefix(name, "ORBIT_"): // can hold the sealing key
		case name == "PATH":
			path = value
		default:
			env = append(env, entry)
		}
	}
	if nodeDir != "" {
		path = nodeDir + string(filepath.ListSeparator) + path
	}
	return append(env, "PATH="+path,
		"npm_config_update_notifier=false", "npm_config_fund=false", "npm_config_audit=false",
		"npm_config_progress=false", "npm_config_color=false", "npm_config_loglevel=error")
}

package bundle

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
)

// ErrNoNPM is wrapped by what needs npm on a machine without it.
var ErrNoNPM = errors.New("npm was not found: install Node.js 22 or 24 with npm " +
	"(from your distribution or nodejs.org) and see that npm is in orbitd's PATH")

// killDelay is how long npm may take to end once it was told to.
const killDelay = 5 * time.Second

// npm runs npm.
type npm struct {
	path string
}

// run runs npm with args in dir and returns what it printed on stdout. nodeDir, if not empty, is a folder with the node
// to run it on. When npm fails the error is a npmFailure. The whole process group is killed when ctx ends.
func (n npm) run(ctx context.Context, dir, nodeDir string, args ...string) ([]byte, error) {
	path, err := n.find()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = environment(os.Environ(), nodeDir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killDelay
	if lock, ok := lockOf(ctx); ok {
		// npm holds the lock as well: should orbitd be killed, nobody takes the folder from under an npm that lives on.
		cmd.ExtraFiles = []*os.File{lock.file}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("npm %s: %w", args[0], context.Cause(ctx))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, &npmFailure{command: args[0], npmError: parseNPMError(stdout.Bytes(), stderr.Bytes())}
	}
	if err != nil {
		return nil, fmt.Errorf("run npm %s: %w", args[0], err)
	}
	return stdout.Bytes(), nil
}

// npmFailure is an npm that ran and failed.
type npmFailure struct {
	npmError
	command string
}

func (e *npmFailure) Error() string { return "npm " + e.command + " failed: " + e.words() }

func (n npm) find() (string, error) {
	name := n.path
	if name == "" {
		name = "npm"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrNoNPM, err)
	}
	return path, nil
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

// installFlags are for every npm command that writes packages or a lockfile. No package's script is ever run.
var installFlags = []string{
	"--json", "--ignore-scripts", "--no-audit", "--no-fund", "--include=optional", "--omit=dev",
	"--global=false", "--dry-run=false", "--workspaces=false", "--package-lock=true", "--install-strategy=hoisted",
	"--legacy-peer-deps=false", "--force=false", "--engine-strict=false",
}

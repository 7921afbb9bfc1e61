package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// halfStartedGrace is how long a server that did not become ready gets for ending.
const halfStartedGrace = 5 * time.Second

// stopHalfStarted ends a server that is of no use, also when ctx has ended.
func stopHalfStarted(ctx context.Context, server *postmaster) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), halfStartedGrace)
	defer cancel()
	return server.stop(ctx)
}

// enforced are the settings that Orbit relies on. They are given on the command line, where they win over
// postgresql.conf; the rest is in that file, for the operator to change (tuned).
func enforced(socketDir string) map[string]string {
	return map[string]string{
		"listen_addresses":        "",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": socketDir,
		// Every workspace may have a user of its own, and no group holds them all: passwords guard the socket.
		"unix_socket_permissions": "0777",
		// One file a weekday, written over a week later.
		"logging_collector":        "on",
		"log_directory":            "log",
		"log_filename":             "postgres-%a.log",
		"log_truncate_on_rotation": "on",
		"log_rotation_age":         "1d",
		"log_rotation_size":        "0",
	}
}

// launch starts the server and returns when it takes connections. A server that does not is not left behind.
func (e *Embedded) launch(ctx context.Context) (*postmaster, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := removeStalePIDFile(e.options.DataDir); err != nil {
		return nil, err
	}
	output, err := os.CreateTemp("", "orbit-postgres-start-*.log") // what it says before its own log is open
	if err != nil {
		return nil, err
	}
	defer func() { _ = output.Close() }()
	if err := os.Remove(output.Name()); err != nil {
		return nil, err
	}
	args := []string{"-D", e.options.DataDir}
	for name, value := range enforced(e.socketDir) {
		args = append(args, "-c", name+"="+value)
	}
	cmd := exec.Command(filepath.Join(e.options.BinDir, "postgres"), args...) //nolint:noctx // it outlives orbitd
	cmd.Dir = "/"
	cmd.Env = serverEnvironment()
	cmd.Stdout, cmd.Stderr = output, output
	// A session of its own: a Ctrl-C meant for orbitd does not reach it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: e.account.credential()}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	server, err := watch(pid, e.options.DataDir, e.socketDir)
	if err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	_ = cmd.Process.Release() // the watch reaps it
	if err := e.await(ctx, server); err != nil {
		err = errors.Join(err, stopHalfStarted(ctx, server))
		if said := e.said(output); said != "" {
			return nil, fmt.Errorf("%w; it said: %s", err, said)
		}
		return nil, err
	}
	e.logger.InfoContext(ctx, "started PostgreSQL", "pid", pid, "socket", socketPath(e.socketDir))
	return server, nil
}

// said returns the end of what the server printed, and of its log once it had one.
func (e *Embedded) said(output *os.File) string {
	const enough = 2000 // bytes
	text := make([]byte, enough)
	n, _ := output.ReadAt(text, 0)
	said := string(text[:n])
	if !strings.Contains(said, "logging collector") {
		return strings.TrimSpace(said)
	}
	logs, err := filepath.Glob(filepath.Join(e.options.DataDir, "log", "postgres-*.log"))
	if err != nil {
		return strings.TrimSpace(said)
	}
	newest, at := "", time.Time{}
	for _, name := range logs {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(at) {
			newest, at = name, info.ModTime()
		}
	}
	log, err := os.ReadFile(newest)
	if err != nil {
		return strings.TrimSpace(said)
	}
	return strings.TrimSpace(string(log[max(0, len(log)-enough):]))
}

// serverEnvironment is all that the server's programs see of orbitd's environment, which may hold secrets.
func serverEnvironment() []string {
	return []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
}

package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// tuned are the settings that a new data directory starts with, in its postgresql.conf: a server for many small
// databases on a machine whose memory belongs to the instances.
var tuned = map[string]string{
	// An instance holds about 5 connections when idle and 21 while it boots.
	"max_connections":                 "600",
	"shared_buffers":                  "128MB",
	"work_mem":                        "4MB",
	"maintenance_work_mem":            "32MB",
	"max_wal_size":                    "512MB",
	"min_wal_size":                    "32MB",
	"wal_level":                       "minimal",
	"max_wal_senders":                 "0",
	"max_worker_processes":            "4",
	"max_parallel_workers":            "2",
	"max_parallel_workers_per_gather": "0",
	"autovacuum_max_workers":          "2",
	"jit":                             "off",
	// Without its own processes for reading, and for replication, the server is a third smaller.
	"io_method":                       "sync",
	"max_logical_replication_workers": "0",
	"log_checkpoints":                 "off",
}

const (
	versionFile = "PG_VERSION"
	// killDelay is how long a program may take to end after it was told to.
	killDelay = 5 * time.Second
)

// initialise makes the data directory if it is not there. initdb works under another name, so that a data directory is
// either complete or absent.
func (e *Embedded) initialise(ctx context.Context) (err error) {
	dataDir := e.options.DataDir
	if _, err := os.Stat(filepath.Join(dataDir, versionFile)); err == nil {
		return nil
	}
	if err := os.Remove(dataDir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there and is no data directory of PostgreSQL: move it away or choose another --data-dir",
			dataDir)
	}
	building := dataDir + ".new"
	if err := os.RemoveAll(building); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make its data directory: %w", err), os.RemoveAll(building))
		}
	}()
	if err := os.Mkdir(building, 0o700); err != nil {
		return err
	}
	if err := e.account.own(building); err != nil {
		return err
	}
	passwordFile, err := e.lendPassword()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(passwordFile)) }()
	args := []string{
		"--pgdata=" + building, "--username=" + Superuser, "--pwfile=" + passwordFile, "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
	}
	for name, value := range tuned {
		args = append(args, "--set="+name+"="+value)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(e.options.BinDir, "initdb"), args...)
	cmd.Dir = "/"
	cmd.Env = serverEnvironment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: e.account.credential()}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killDelay
	start := time.Now()
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", errors.Join(err, ctx.Err()), lastLines(string(said), 5))
	}
	if err := os.Rename(building, dataDir); err != nil {
		return err
	}
	e.logger.InfoContext(ctx, "made PostgreSQL's data directory", "dir", dataDir, "user", e.account.name,
		"took", time.Since(start).Round(time.Millisecond))
	return nil
}

// lentPassword begins the names that lendPassword gives.
const lentPassword = ".password-"

// lendPassword writes the password to a file that the server's user alone can read; the caller removes it.
func (e *Embedded) lendPassword() (name string, err error) {
	file, err := os.CreateTemp(e.socketDir, lentPassword+"*") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.WriteString(e.password + "\n")
	return file.Name(), errors.Join(err, file.Close(), e.account.own(file.Name()))
}

// checkVersion compares the version of the data directory, if there is one, with that of the programs.
func checkVersion(ctx context.Context, binDir, dataDir string) error {
	text, err := os.ReadFile(filepath.Join(dataDir, versionFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	said, err := exec.CommandContext(ctx, filepath.Join(binDir, "postgres"), "--version").Output()
	if err != nil {
		return fmt.Errorf("ask postgres for its version: %w", err)
	}
	data, program := strings.TrimSpace(string(text)), majorVersion(string(said))
	if data != program {
		return fmt.Errorf("the data is of PostgreSQL %s and this release runs PostgreSQL %s, which cannot read it: "+
			"start the orbitd that made it, or move the data over with pg_dump and pg_restore of your own", data, program)
	}
	return nil
}

// majorVersion takes "18" from "postgres (PostgreSQL) 18.4".
func majorVersion(said string) string {
	fields := strings.Fields(said)
	if len(fields) == 0 {
		return ""
	}
	at := slices.Index(fields, "(PostgreSQL)") + 1
	major, _, _ := strings.Cut(fields[min(at, len(fields)-1)], ".")
	return major
}

func passwordFile(dataDir string) string { return dataDir + ".password" }

// loadPassword reads the superuser's password, and makes it where there is neither a password nor data.
func loadPassword(dataDir string) (string, error) {
	name := passwordFile(dataDir)
	text, err := os.ReadFile(name)
	if password := strings.TrimSpace(string(text)); err == nil && password != "" {
		return password, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dataDir, versionFile)); err == nil {
		return "", fmt.Errorf("the password of its superuser is missing: put %s back from a backup", name)
	}
	dir, prefix := filepath.Dir(name), filepath.Base(name)+"-"
	if err := removePasswords(dir, prefix); err != nil {
		return "", err
	}
	password := rand.Text()
	file, err := os.CreateTemp(dir, prefix+"*") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(file.Name()) }() // after the rename there is nothing under this name
	_, err = file.WriteString(password + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", err
	}
	return password, os.Rename(file.Name(), name)
}

// removePasswords removes the files in dir whose names begin so: an orbitd left them that was killed before it could.
func removePasswords(dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, entry.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("remove the passwords that a start before left: %w", err)
	}
	return nil
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// Package workbench puts an orbitd and a Terraform that knows this checkout's provider side by side: what the demo and
// the end-to-end tests work with.
package workbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Orbitd is a running orbitd.
type Orbitd struct {
	// Binary is the program.
	Binary string
	// DataDir is its data directory; its log is orbitd.log in there.
	DataDir string
	// Endpoint is the base of its API.
	Endpoint string
	// Flags are more flags for serve.
	Flags []string
	// Env are variables beside this program's own.
	Env []string
	// Credential is the user that it runs as; nil is this program's own.
	Credential *syscall.Credential
	// Progress is told what it does while it starts.
	Progress func(string)
}

// TokenFile is where its API token is.
func (o *Orbitd) TokenFile() string { return filepath.Join(o.DataDir, "token") }

// LogFile is where its log goes.
func (o *Orbitd) LogFile() string { return filepath.Join(o.DataDir, "orbitd.log") }

// PID is its process; 0 when it does not run.
func (o *Orbitd) PID() int {
	content, err := os.ReadFile(filepath.Join(o.DataDir, "orbitd.lock"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

// Client returns a client of its API.
func (o *Orbitd) Client() (*orbit.Client, error) {
	token, err := os.ReadFile(o.TokenFile())
	if err != nil {
		return nil, fmt.Errorf("read the API token: %w", err)
	}
	return orbit.NewClient(orbit.ClientOptions{Endpoint: o.Endpoint, Token: strings.TrimSpace(string(token))})
}

// Ensure starts it unless it runs already, as a process of its own that outlives this one, and returns when its API
// answers. It says whether it had to start it.
func (o *Orbitd) Ensure(ctx context.Context) (started bool, err error) {
	if state, _ := o.health(ctx); state == healthy && o.PID() != 0 {
		return false, nil
	}
	if err := os.MkdirAll(o.DataDir, 0o711); err != nil { // instances' users pass through it
		return false, fmt.Errorf("make the data directory: %w", err)
	}
	log, err := os.OpenFile(o.LogFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return false, fmt.Errorf("open orbitd's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	begin, err := log.Seek(0, 2)
	if err != nil {
		return false, fmt.Errorf("open orbitd's log: %w", err)
	}
	address := strings.TrimPrefix(o.Endpoint, "http://")
	command := exec.Command(o.Binary, append([]string{"--data-dir", o.DataDir, "serve", "--listen", address}, o.Flags...)...) //nolint:noctx // it outlives this process
	command.Env = append(os.Environ(), o.Env...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: o.Credential}
	if err := command.Start(); err != nil {
		return false, fmt.Errorf("start orbitd: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // its log says why it ended
		close(ended)
	}()
	return true, o.wait(ctx, ended, begin)
}

// wait returns when the API answers, or with the log's words when orbitd ends.
func (o *Orbitd) wait(ctx context.Context, ended <-chan struct{}, begin int64) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	last := ""
	for {
		state, doing := o.health(ctx)
		if state == healthy {
			return nil
		}
		if doing != last && doing != "" && o.Progress != nil {
			o.Progress(doing)
			last = doing
		}
		select {
		case <-ticker.C:
		case <-ended:
			return errors.New(o.lastWords(begin))
		case <-ctx.Done():
			return fmt.Errorf("wait for orbitd: %w; its log is %s", ctx.Err(), o.LogFile())
		}
	}
}

// lastWords is the last line that orbitd wrote after it was started.
func (o *Orbitd) lastWords(begin int64) string {
	content, err := os.ReadFile(o.LogFile())
	if err != nil || int64(len(content)) <= begin {
		return "orbitd ended without a word"
	}
	lines := strings.Split(strings.TrimSpace(string(content[begin:])), "\n")
	return lines[len(lines)-1]
}

type state int

const (
	absent state = iota
	starting
	healthy
)

// health asks /healthz; while orbitd starts it also says what it is doing.
func (o *Orbitd) health(ctx context.Context) (state, string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.Endpoint+"/healthz", http.NoBody)
	if err != nil {
		return absent, ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return absent, ""
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusOK {
		return healthy, ""
	}
	var problem orbit.Problem
	if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
		return starting, ""
	}
	return starting, problem.Detail
}

// Stop ends it, with all also the instances and PostgreSQL, and says what was stopped.
func (o *Orbitd) Stop(ctx context.Context, all bool) (string, error) {
	arguments := []string{"--data-dir", o.DataDir, "stop"}
	if all {
		arguments = append(arguments, "--all")
	}
	arguments = append(arguments, o.stopFlags()...)
	command := exec.CommandContext(ctx, o.Binary, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: o.Credential}
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("stop orbitd: %w: %s", err, strings.TrimSpace(string(output)))
	}
	return strings.TrimSpace(string(output)), nil
}

// stopFlags are those of Flags that stop knows too.
func (o *Orbitd) stopFlags() []string {
	var flags []string
	for i := 0; i+1 < len(o.Flags); i += 2 {
		switch o.Flags[i] {
		case "--cache-dir", "--run-dir":
			flags = append(flags, o.Flags[i], o.Flags[i+1])
		}
	}
	return flags
}

// MemoryBytes is the resident memory of a process of this machine.
func MemoryBytes(pid int) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no resident memory", pid)
}

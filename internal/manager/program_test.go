package manager_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
)

// program is an orbitd that runs as a process of its own.
type program struct {
	dir, binary, api, gateway string
	flags                     []string
	tls                       *tls.Config // what its clients need; nil without TLS
	environment               []string
}

// builtOrbitd is the program, built once for all tests that run it.
var builtOrbitd = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "orbit-build-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "orbitd")
	output, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, "../../cmd/orbitd").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("build orbitd: %w: %s", err, output)
	}
	return os.ReadFile(path)
})

// newProgram makes an orbitd with free ports and folders of its own. It does not run yet; when the test ends it is
// stopped with all that it started, and its log is shown if the test failed.
func newProgram(t *testing.T) *program {
	t.Helper()
	installed := os.Getenv("ORBIT_TEST_BUNDLE")
	if installed == "" {
		t.Skip("ORBIT_TEST_BUNDLE does not name an installed release: make test sets it")
	}
	dir, err := managertest.OpenDir()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{dir: dir, binary: filepath.Join(dir, "orbitd"), api: freeAddress(t), gateway: freeAddress(t)}
	t.Cleanup(func() {
		_ = os.RemoveAll(dir)
	})
	content, err := builtOrbitd()
	if err != nil {
		t.Fatal(err)
	}
	p.install(t, content)
	p.environment = append(os.Environ(), "ORBIT_DATA_DIR="+filepath.Join(dir, "data"), "ORBIT_RUN_DIR="+filepath.Join(dir, "run"),
		"ORBIT_CACHE_DIR="+filepath.Dir(filepath.Dir(installed)), "ORBIT_LISTEN="+p.api, "ORBIT_GATEWAY_LISTEN="+p.gateway)
	return p
}

// install puts another program in the place of the orbitd, as an update does.
func (p *program) install(t *testing.T, content []byte) {
	t.Helper()
	// Another process writes it: a file that this one has open while another test starts a process cannot be run.
	write := exec.CommandContext(t.Context(), "sh", "-c", `cat > "$0.new" && chmod 755 "$0.new" && mv "$0.new" "$0"`, p.binary)
	write.Stdin = bytes.NewReader(content)
	if output, err := write.CombinedOutput(); err != nil {
		t.Fatalf("install a program: %v: %s", err, output)
	}
}

func (p *program) log() string {
	content, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return string(content)
}

// start starts the orbitd, with command in the place of orbitd serve if there is one, and returns when it serves.
func (p *program) start(t *testing.T, files []*os.File, command ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	if len(command) == 0 {
		command = append([]string{p.binary, "serve"}, p.flags...)
	}
	process := exec.CommandContext(context.Background(), command[0], command[1:]...)
	process.Env, process.Stdout, process.Stderr, process.ExtraFiles = p.environment, log, log, files
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	t.Cleanup(func() {
		if _, err := p.run("stop", "--all"); err != nil {
			t.Errorf("stop: %v", err)
		}
		<-ended
		if t.Failed() {
			t.Logf("orbitd's log:\n%s", p.log())
		}
	})
	deadline := time.Now().Add(settleTime)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: p.tls, DisableKeepAlives: true}}
	for {
		if answer, err := client.Get(p.url("/healthz")); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("orbitd does not serve")
		}
		time.Sleep(20 * time.Millisecond) // a process of its own gives no signal
	}
}

// url is that of a path of the API.
func (p *program) url(path string) string {
	if p.tls != nil {
		return "https://" + p.api + path
	}
	return "http://" + p.api + path
}

// run runs a command of orbitd and returns what it printed.
func (p *program) run(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	command := exec.CommandContext(ctx, p.binary, arguments...)
	command.Env = p.environment
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("orbitd %s: %w: %s", arguments[0], err, output)
	}
	return string(output), nil
}

func (p *program) pid(t *testing.T) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(p.dir, "data", "orbitd.lock"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

package process_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/process"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/runtimetest"
)

// lab is a place for processes of the host in testdata.
type lab struct {
	dir    string
	host   string
	bundle string
	node   string // "" for the bundle's own
	user   uint32
	limits process.Options // LogBytes and StartTimeout
}

// newLab makes a lab with the host in testdata.
func newLab(t *testing.T) *lab {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node on the PATH to run the host in testdata with")
	}
	l := emptyLab(t)
	l.node, l.host = node, filepath.Join(l.dir, "host")
	host, err := os.ReadFile("testdata/host/host.mjs")
	if err != nil {
		t.Fatal(err)
	}
	l.write(t, "host/host.mjs", string(host))
	l.bundle = l.makeBundle(t, "")
	return l
}

// emptyLab makes folders that any user can pass. They are outside t.TempDir because that is too long for sockets.
func emptyLab(t *testing.T) *lab {
	t.Helper()
	dir, err := os.MkdirTemp("", "orbit") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endLeftovers(t, dir)
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o711); err != nil {
		t.Fatal(err)
	}
	return &lab{dir: dir}
}

// endLeftovers finds processes that the test left, by the lab's folder in their arguments.
func endLeftovers(t *testing.T, dir string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(line), dir+"/") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("process %d was left behind: %q", pid, line)
		kill(t, pid)
	}
}

// makeBundle makes a bundle whose loading goes as load says; see testdata.
func (l *lab) makeBundle(t *testing.T, load string) string {
	t.Helper()
	name := "bundle" + load
	l.write(t, name+"/package.json", fmt.Sprintf(`{"fake":{"load":%q}}`, load))
	return filepath.Join(l.dir, name)
}

func (l *lab) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// open opens the runtime; the test's end closes it.
func (l *lab) open(t *testing.T) *process.Runtime {
	t.Helper()
	rt, err := process.New(l.options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	return rt
}

func (l *lab) options() process.Options {
	options := l.limits
	options.RunDir, options.DataDir = filepath.Join(l.dir, "run"), filepath.Join(l.dir, "data")
	options.HostDir = l.host
	if l.node != "" {
		options.Node = func(string) string { return l.node }
	}
	return options
}

func (l *lab) spec(workspace, id string) runtime.Spec {
	return runtime.Spec{Workspace: workspace, ID: id, Bundle: l.bundle, UserID: l.user, MemoryLimitMiB: 256}
}

// site is the lab for the conformance suite.
func (l *lab) site(t *testing.T) runtimetest.Site {
	return runtimetest.Site{
		Open:    func() runtime.Runtime { return l.open(t) },
		Close:   func(rt runtime.Runtime) { _ = rt.(*process.Runtime).Close() },
		Spec:    l.spec,
		Boot:    booting(""),
		Change:  func(string) runtime.Config { return runtime.Config{Document: []byte(`{"app":{"title":"new"}}`)} },
		Broken:  booting("fail"),
		Endless: booting("hang"),
		Unseen:  []changeplan.Look{{Path: "proxy.endpoints", Kind: changeplan.LookRoute, Route: "/nowhere"}},
		Kill:    func(p runtime.Process) { kill(t, pidOf(t, p)) },
		HTTP:    true,
	}
}

// booting is a boot that goes as how says; see testdata.
func booting(how string) func(string) runtime.Boot {
	document := json.RawMessage(fmt.Sprintf(`{"fake":{"boot":%q}}`, how))
	return func(string) runtime.Boot { return runtime.Boot{Config: runtime.Config{Document: document}} }
}

func pidOf(t *testing.T, p runtime.Process) int {
	t.Helper()
	var data struct {
		PID int `json:"pid"`
	}
	if err := json.Unmarshal(p.Handle().Data, &data); err != nil {
		t.Fatal(err)
	}
	return data.PID
}

// kill kills the process and waits for its end, without reaping it.
func kill(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	await(t, fd)
}

// await waits for the end of the process that the pidfd holds.
func await(t *testing.T, pidfd int) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(runtimetest.Patience/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			t.Fatalf("the process did not end: %v", err)
		}
		return
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	runtimetest.Run(t, func(t *testing.T) runtimetest.Site { return newLab(t).site(t) })
}

// workspaceUser is a user without an entry in passwd.
const workspaceUser = 61234

func TestConformanceAsAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can run a process as another user")
	}
	runtimetest.Run(t, func(t *testing.T) runtimetest.Site {
		l := newLab(t)
		l.user = workspaceUser
		return l.site(t)
	})
}

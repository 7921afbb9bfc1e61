package manager_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestARestartRefusesNoConnection(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start(t, nil)
	loads := map[string]func() *load{
		"API, new connections":      func() *load { return startLoad(t, 4, "http://"+p.api+"/healthz", http.StatusOK, false) },
		"gateway, new connections":  func() *load { return startLoad(t, 8, "http://"+p.gateway+"/", http.StatusNotFound, false) },
		"API, kept connections":     func() *load { return startLoad(t, 2, "http://"+p.api+"/healthz", http.StatusOK, true) },
		"gateway, kept connections": func() *load { return startLoad(t, 4, "http://"+p.gateway+"/", http.StatusNotFound, true) },
	}
	under := func(how string, do func()) {
		running := map[string]*load{}
		for what, start := range loads {
			running[what] = start()
		}
		do()
		for what, l := range running {
			l.end(t, what+", "+how)
		}
	}
	under("no restart", func() { time.Sleep(time.Second) })
	before := p.pid(t)
	under("5 restarts", func() {
		for range 5 {
			output, err := p.run("restart")
			if err != nil {
				t.Fatal(err)
			}
			t.Log("figure: " + strings.TrimSpace(output))
			after := p.pid(t)
			if want := fmt.Sprintf("pid %d took over from %d;", after, before); !strings.Contains(output, want) || after == before {
				t.Errorf("restart prints %q, want %q in it", output, want)
			}
			before = after
		}
	})
}

func TestARestartFailsNoRequestToAnInstance(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start(t, nil)
	c := p.client(t)
	// The first restart comes while the client waits for the boot, and interrupts it: the successor boots again.
	change, err := c.PutInstance(t.Context(), "acme", orbit.IfAbsent(), orbit.InstanceWrite{
		InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", MemoryLimitMiB: 1024},
	})
	if err != nil {
		t.Fatal(err)
	}
	fate := make(chan error, 1)
	waiting := make(chan struct{})
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), settleTime)
		defer cancel()
		close(waiting)
		settled, err := c.WaitChange(ctx, change.ID, nil)
		if err == nil && settled.State != orbit.ChangeApplied {
			err = fmt.Errorf("the change is %s", settled.State)
		}
		fate <- err
	}()
	<-waiting
	if _, err := p.run("restart"); err != nil {
		t.Fatal(err)
	}
	if err := <-fate; err != nil {
		t.Fatalf("a change that was waited for across a restart: %v", err)
	}
	ready := "acme.localhost http://" + p.gateway + "/.backstage/health/v1/readiness"
	fresh := startLoad(t, 4, ready, http.StatusOK, false)
	kept := startLoad(t, 4, ready, http.StatusOK, true)
	slow := p.slowRequest(t)
	for range 5 {
		if _, err := p.run("restart"); err != nil {
			t.Fatal(err)
		}
	}
	if status := slow(); status != http.StatusNotFound { // Backstage's answer: there is no such provider
		t.Errorf("a request that took as long as five restarts gets status %d", status)
	}
	fresh.end(t, "instance, new connections, 5 restarts")
	kept.end(t, "instance, kept connections, 5 restarts")
}

// slowRequest begins a request to the instance, and returns what sends its end and returns the answer's status.
func (p *program) slowRequest(t *testing.T) (end func() int) {
	t.Helper()
	conn, err := net.Dial("tcp", p.gateway)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte("POST /api/auth/nothing/refresh HTTP/1.1\r\nHost: acme.localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{"))
	if err != nil {
		t.Fatal(err)
	}
	return func() int {
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err := conn.Write([]byte("}")); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("read the slow request's answer: %v", err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
}

func TestStopAfterARestartStopsTheSuccessor(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start(t, nil)
	first := p.pid(t)
	if _, err := p.run("restart"); err != nil {
		t.Fatal(err)
	}
	second := p.pid(t)
	output, err := p.run("stop")
	if err != nil || !strings.Contains(output, "orbitd stopped") {
		t.Fatalf("stop prints %q, %v", output, err)
	}
	if conn, err := net.Dial("tcp", p.api); err == nil {
		t.Errorf("the API still listens after stop")
		_ = conn.Close()
	}
	await(t, "both processes end", func() bool {
		return errors.Is(syscall.Kill(first, 0), syscall.ESRCH) && !runs(second)
	})
	if _, err := p.run("restart"); err == nil || !strings.Contains(err.Error(), "orbitd serve") {
		t.Errorf("restart of one that does not run gives %v, want a hint at orbitd serve", err)
	}
}

// runs says whether the process runs; one that ended and that nobody has waited for does not.
func runs(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !regexp.MustCompile(`^\d+ \(.*\) [ZX] `).Match(status)
}

// await polls for what another process does.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestASuccessorThatFailsLeavesTheOrbitdBeforeServing(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	// The key is missing once while the file is there: for whoever asks first.
	missing := filepath.Join(p.dir, "missing")
	p.flags = []string{"--sealing-key-command", fmt.Sprintf(`test ! -e %[1]s || { rm %[1]s; exit 1; }; echo %[2]s`, missing, strings.Repeat("QUFB", 10)+"QUE=")}
	p.start(t, nil)
	pid := p.pid(t)
	good, err := os.ReadFile(p.binary)
	if err != nil {
		t.Fatal(err)
	}
	api := startLoad(t, 2, "http://"+p.api+"/healthz", http.StatusOK, false)
	gateway := startLoad(t, 2, "http://"+p.gateway+"/", http.StatusNotFound, false)
	for _, c := range []struct {
		name, program, says string
		prepare             func()
	}{
		{name: "a program that ends", program: "#!/bin/sh\nexit 3\n", says: "ended before it was prepared"},
		{name: "a file that is no program", program: "\x7fELFnonsense", says: "start a successor"},
		{name: "one that cannot open the store", says: "key", prepare: func() {
			if err := os.WriteFile(missing, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		content := []byte(c.program)
		if c.program == "" {
			content = good
		}
		if c.prepare != nil {
			c.prepare()
		}
		err := p.restartWith(t, content, good)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "serves on") {
			t.Errorf("%s: restart gives %v, want %q", c.name, err, c.says)
		}
		if now := p.pid(t); now != pid {
			t.Errorf("%s: pid %d holds the lock, want %d", c.name, now, pid)
		}
	}
	if _, err := p.run("restart"); err != nil {
		t.Errorf("the next restart fails: %v", err)
	}
	if p.pid(t) == pid {
		t.Errorf("the next restart changes nothing")
	}
	api.end(t, "API, failing restarts")
	gateway.end(t, "gateway, failing restarts")
}

// restartWith restarts with the given program in the place of orbitd's, which is put back. The command itself is orbitd.
func (p *program) restartWith(t *testing.T, content, good []byte) error {
	t.Helper()
	operator := &program{binary: filepath.Join(p.dir, "operator"), environment: p.environment}
	operator.install(t, good)
	p.install(t, content)
	defer p.install(t, good)
	_, err := operator.run("restart")
	return err
}

func TestSocketsOfSystemdAreServed(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	var files []*os.File
	for _, address := range []string{p.gateway, p.api} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		file, err := listener.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		_ = listener.Close() // the file keeps the socket, as systemd does
		t.Cleanup(func() { _ = file.Close() })
		files = append(files, file)
	}
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(p.dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = told.Close() }()
	// The flags say something else: the sockets win.
	p.flags = []string{"--listen", "127.0.0.1:1", "--gateway-listen", "127.0.0.1:2"}
	p.environment = append(p.environment, "LISTEN_FDS=2", "LISTEN_FDNAMES=gateway:api", "NOTIFY_SOCKET="+filepath.Join(p.dir, "notify"))
	activated := []string{"sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, p.binary, "serve"}
	p.start(t, files, append(activated, p.flags...)...)
	if got := receive(t, told); got != "READY=1" {
		t.Errorf("systemd is told %q first, want READY=1", got)
	}

	api := startLoad(t, 4, "http://"+p.api+"/healthz", http.StatusOK, false)
	gateway := startLoad(t, 4, "http://"+p.gateway+"/", http.StatusNotFound, false)
	if _, err := p.run("restart"); err != nil { // ExecReload=
		t.Fatal(err)
	}
	want := map[string]bool{"READY=1": true, "MAINPID=" + strconv.Itoa(p.pid(t)): true}
	for range 2 {
		if got := receive(t, told); !want[got] {
			t.Errorf("systemd is told %q, want one of %v", got, want)
		}
	}
	if _, err := p.run("stop"); err != nil { // systemctl restart
		t.Fatal(err)
	}
	p.start(t, files, append(activated, p.flags...)...)
	api.end(t, "API, socket activation, reload and restart")
	gateway.end(t, "gateway, socket activation, reload and restart")
}

func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 100)
	n, err := conn.Read(message)
	if err != nil {
		t.Fatalf("systemd is told nothing: %v", err)
	}
	return string(message[:n])
}

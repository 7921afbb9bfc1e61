package process_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/process"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/runtimetest"
)

// dyingOrbitd names the lab in the environment of the test program that plays orbitd.
const dyingOrbitd = "ORBIT_TEST_DYING_ORBITD"

func TestAProcessOutlivesTheDeathOfOrbitd(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	orbitd := exec.CommandContext(t.Context(), os.Args[0])
	orbitd.Env = append(os.Environ(), dyingOrbitd+"="+l.dir)
	out, err := orbitd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := orbitd.Start(); err != nil {
		t.Fatal(err)
	}
	var handle runtime.Handle
	err = json.NewDecoder(out).Decode(&handle)
	if err := orbitd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = orbitd.Wait()
	if err != nil {
		t.Fatalf("read the handle: %v", err)
	}

	p, err := l.open(t).Recover(t.Context(), handle)
	if err != nil {
		t.Fatal(err)
	}
	activate(t, p, "")
	stop(t, p)
	if exit := p.Exit(); exit.Code != -1 || !exit.Requested { // somebody else reaped it
		t.Errorf("Exit = %+v", exit)
	}
}

// playOrbitd starts a process in the lab, says which, and waits for its own death.
func playOrbitd(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), runtimetest.Patience)
	defer cancel()
	node, err := exec.LookPath("node")
	if err != nil {
		return err
	}
	l := &lab{dir: dir, host: filepath.Join(dir, "host"), node: node, bundle: filepath.Join(dir, "bundle")}
	rt, err := process.New(l.options())
	if err != nil {
		return err
	}
	p, err := rt.Start(ctx, l.spec("acme", "p1"))
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(p.Handle()); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// TestMain runs the tests, or plays orbitd for one of them.
func TestMain(m *testing.M) {
	dir := os.Getenv(dyingOrbitd)
	if dir == "" {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, playOrbitd(dir))
	os.Exit(1)
}

func TestAnotherProcessWithTheSamePIDIsNotAdopted(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rt := l.open(t)
	p := start(t, rt, l.spec("acme", "p1"))
	for field, value := range map[string]any{"start_ticks": 1, "boot_id": "another"} {
		handle := p.Handle()
		handle.Data = change(t, handle.Data, field, value)
		_ = rt.Close()
		rt = l.open(t)
		if _, err := rt.Recover(t.Context(), handle); !errors.Is(err, runtime.ErrGone) {
			t.Errorf("Recover with another %s = %v, want ErrGone", field, err)
		}
	}
	if err := unix.Kill(pidOf(t, p), 0); err != nil {
		t.Errorf("the process was harmed: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // its socket was taken for a leftover
	defer cancel()
	again, err := l.open(t).Recover(ctx, p.Handle())
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Stop(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
}

// change returns the JSON object with another value of the field.
func change(t *testing.T, object json.RawMessage, field string, value any) json.RawMessage {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	fields[field] = value
	changed, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestAHandleOfAnotherRuntimeIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rt := l.open(t)
	p := start(t, rt, l.spec("acme", "p1"))
	stop(t, p)
	handle := p.Handle()
	handle.Runtime = "kubernetes"
	if _, err := rt.Recover(t.Context(), handle); err == nil || errors.Is(err, runtime.ErrGone) {
		t.Errorf("Recover = %v; want an error that is not ErrGone", err)
	}
}

func TestAProcessThatDoesNotAnswerIsAdoptedWithoutAnAddress(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rt := l.open(t)
	p := start(t, rt, l.spec("acme", "p1"))
	activate(t, p, "")
	pid, address := pidOf(t, p), p.Address()
	_ = rt.Close()
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	again, err := l.open(t).Recover(ctx, p.Handle())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Stop(t.Context(), 0) }()
	if a := again.Address(); a != "" {
		t.Errorf("Address = %s of a process that confirms nothing", a)
	}
	if err := unix.Kill(pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(runtimetest.Patience)
	for again.Address() == "" && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond) // nothing tells when the connection has confirmed the address
	}
	if again.Address() != address {
		t.Errorf("Address = %q, want %s", again.Address(), address)
	}
}

package process_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/process"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/runtimetest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func start(t *testing.T, rt *process.Runtime, spec runtime.Spec) runtime.Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runtimetest.Patience)
	t.Cleanup(cancel)
	p, err := rt.Start(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), runtimetest.Patience)
		defer cancel()
		_ = p.Stop(ctx, 0)
	})
	return p
}

func activate(t *testing.T, p runtime.Process, how string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runtimetest.Patience)
	defer cancel()
	if err := p.Activate(ctx, booting(how)("acme")); err != nil {
		t.Fatal(err)
	}
}

func stop(t *testing.T, p runtime.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runtimetest.Patience)
	defer cancel()
	if err := p.Stop(ctx, time.Second); err != nil {
		t.Fatal(err)
	}
}

func bootError(t *testing.T, err error) *runtime.BootError {
	t.Helper()
	var broken *runtime.BootError
	if !errors.As(err, &broken) {
		t.Fatalf("the error is %v; want a *runtime.BootError", err)
	}
	return broken
}

func TestAStartThatFailsSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for load, want := range map[string]runtime.BootError{
		"fail": {
			Code: orbit.CodeLoadFailed, Plugin: "@acme/broken", Message: "Cannot find package @acme/broken",
			LogTail: []string{"host of acme loads", "Cannot find package @acme/broken"},
		},
		"exit": {
			Code: orbit.CodeProcessExited, Message: "the process exited with code 3 while loading its packages",
			LogTail: []string{"host of acme loads", "it was not meant to be"},
		},
	} {
		t.Run(load, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			spec := l.spec("acme", "p1")
			spec.Bundle = l.makeBundle(t, load)
			_, err := l.open(t).Start(t.Context(), spec)
			if diff := cmp.Diff(&want, bootError(t, err)); diff != "" {
				t.Errorf("BootError (-want +got):\n%s", diff)
			}
			if left, _ := filepath.Glob(l.dir + "/run/*/*"); len(left) > 0 {
				t.Errorf("the start left %q", left)
			}
		})
	}
}

func TestAStartPastItsDeadlineIsToldAndEndsTheProcess(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.limits.StartTimeout = time.Second
	spec := l.spec("acme", "p1")
	spec.Bundle = l.makeBundle(t, "hang")
	_, err := l.open(t).Start(t.Context(), spec)
	broken := bootError(t, err)
	if broken.Code != orbit.CodeBootTimeout ||
		!strings.HasPrefix(broken.Message, "the process was still loading its packages at the deadline: ") {
		t.Errorf("BootError = %+v", broken)
	}
	if left, _ := filepath.Glob(l.dir + "/run/*/*"); len(left) > 0 {
		t.Errorf("the start left %q", left)
	}
}

func TestAProcessBeyondItsMemoryLimitIsToldAsSuch(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	spec := l.spec("acme", "p1")
	spec.Bundle, spec.MemoryLimitMiB = l.makeBundle(t, "memory"), 32
	_, err := l.open(t).Start(t.Context(), spec)
	broken := bootError(t, err)
	want := "the process ran out of memory while loading its packages; raise memory_limit_mib"
	if broken.Code != orbit.CodeProcessExited || broken.Message != want || len(broken.LogTail) != 20 {
		t.Errorf("BootError = %+v", broken)
	}
}

func TestTheLogTailIsThatOfTheProcessAtFault(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rt := l.open(t)
	blue := start(t, rt, l.spec("acme", "blue"))
	green := start(t, rt, l.spec("acme", "green"))
	loud := runtime.Boot{Config: runtime.Config{Document: []byte(`{"fake":{"lines":100}}`)}}
	if err := blue.Activate(t.Context(), loud); err != nil {
		t.Fatal(err)
	}
	broken := bootError(t, green.Activate(t.Context(), booting("exit")("acme")))
	want := &runtime.BootError{
		Code: orbit.CodeProcessExited, Message: "the process exited with code 7 while starting Backstage",
		LogTail: []string{"host of acme loads"},
	}
	if diff := cmp.Diff(want, broken); diff != "" {
		t.Errorf("BootError (-want +got):\n%s", diff)
	}
	if exit := green.Exit(); exit.Code != 7 || exit.Requested {
		t.Errorf("Exit = %+v", exit)
	}
	lines, err := rt.Logs(t.Context(), "acme", 3)
	if diff := cmp.Diff([]string{"line 98", "line 99", "host of acme loads"}, lines); err != nil || diff != "" {
		t.Errorf("Logs: %v (-want +got):\n%s", err, diff)
	}
}

func TestAHostThatFailedAndStaysIsKilled(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := start(t, l.open(t), l.spec("acme", "p1"))
	broken := bootError(t, p.Activate(t.Context(), booting("linger")("acme")))
	if broken.Code != orbit.CodeBootFailed || broken.Plugin != "" {
		t.Errorf("BootError = %+v", broken)
	}
	if exit := p.Exit(); exit.Signal != "SIGKILL" {
		t.Errorf("Exit = %+v", exit)
	}
}

func TestALostConnectionIsMadeAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := start(t, l.open(t), l.spec("acme", "p1"))
	activate(t, p, "lose")
	if p.Address() == "" {
		t.Error("the process is ready and has no address")
	}
	losing := runtime.Config{Document: []byte(`{"fake":{"push":"lose"}}`)}
	if err := p.Push(t.Context(), losing, nil); err != nil {
		t.Errorf("Push: %v", err)
	}
	refused := runtime.Config{Document: []byte(`{"fake":{"push":"fail"}}`)}
	if err := p.Push(t.Context(), refused, nil); err == nil || !strings.Contains(err.Error(), "push_failed: no") {
		t.Errorf("Push = %v; want the host's error", err)
	}
	stop(t, p)
}

func TestStopEndsAHostThatDoesNotWantToAndItsChildren(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rt := l.open(t)
	p := start(t, rt, l.spec("acme", "p1"))
	stubborn := runtime.Boot{Config: runtime.Config{Document: []byte(`{"fake":{"stop":"ignore","child":true}}`)}}
	if err := p.Activate(t.Context(), stubborn); err != nil {
		t.Fatal(err)
	}
	lines, err := rt.Logs(t.Context(), "acme", 1)
	if err != nil || len(lines) != 1 {
		t.Fatalf("Logs = %q, %v", lines, err)
	}
	child, err := strconv.Atoi(strings.TrimPrefix(lines[0], "child "))
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(child, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := p.Stop(t.Context(), 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if exit := p.Exit(); exit.Signal != "SIGKILL" || !exit.Requested || exit.String() != "stopped" {
		t.Errorf("Exit = %+v", exit)
	}
	await(t, fd)
}

func TestStopEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := start(t, l.open(t), l.spec("acme", "p1"))
	stubborn := runtime.Boot{Config: runtime.Config{Document: []byte(`{"fake":{"stop":"ignore"}}`)}}
	if err := p.Activate(t.Context(), stubborn); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Stop(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop = %v", err)
	}
}

func TestNamesThatCannotBePartsOfPathsAreRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rt := l.open(t)
	for _, names := range [][2]string{{"..", "p1"}, {"a/b", "p1"}, {".standby", "p1"}, {"Acme", "p1"}, {"acme", ".."}, {"acme", strings.Repeat("p", 21)}} {
		spec := l.spec(names[0], names[1])
		if _, err := rt.Start(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "DNS label") {
			t.Errorf("Start of %q = %v", names, err)
		}
	}
	for _, name := range []string{"..", ""} {
		if err := rt.Destroy(t.Context(), name); err == nil {
			t.Errorf("Destroy takes %q", name)
		}
		if _, err := rt.Logs(t.Context(), name, 1); err == nil {
			t.Errorf("Logs takes %q", name)
		}
	}
}

func TestARunDirThatIsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := process.New(process.Options{RunDir: filepath.Join(dir, strings.Repeat("x", 100)), DataDir: dir, HostDir: dir})
	if want := fmt.Sprint(107); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("New = %v; want the limit of %s bytes in it", err, want)
	}
}

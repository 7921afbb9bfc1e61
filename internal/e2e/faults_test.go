package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// origin is one that globex allows while its app-config has corsOrigin, which costs a restart.
const (
	origin     = "http://localhost:4001"
	corsOrigin = "\nbackend:\n  cors:\n    origin: " + origin + "\n"
)

// hangGreen stops the new process of a restart in the middle of its boot, as a machine without memory does.
func hangGreen(t *testing.T, w *world) {
	before, known := w.instance(t, "globex"), w.hosts(t)
	end := w.probe(t, "globex")
	change := w.write(t, "globex", before.Config+corsOrigin, 10)
	green := w.newHost(t, known)
	if err := syscall.Kill(green, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	fate := w.fate(t, change)
	if fate.State != orbit.ChangeFailed || fate.Problem.Code != orbit.CodeBootTimeout {
		t.Errorf("the change is %s (%v), want failed with %s", fate.State, fate.Problem, orbit.CodeBootTimeout)
	}
	eventually(t, "the process that hangs is gone", func() bool { return !slices.Contains(w.hosts(t), green) })
	if answers := end(); len(answers) != 1 || answers[http.StatusOK] == 0 {
		t.Errorf("the answers meanwhile by status are %v, want 200 alone", answers)
	}
	after := w.instance(t, "globex")
	if after.ETag != before.ETag || after.Status.PID != before.Status.PID || after.Status.Phase != orbit.PhaseReady {
		t.Errorf("%s runs as %d in phase %s, want %s as %d and Ready", after.ETag, after.Status.PID, after.Status.Phase, before.ETag, before.Status.PID)
	}
	w.allows(t, false)
}

// killBlue kills the process that serves while the one that follows it boots: requests are told so until that one serves.
func killBlue(t *testing.T, w *world) {
	before, known := w.instance(t, "globex"), w.hosts(t)
	end := w.probe(t, "globex")
	change := w.write(t, "globex", before.Config+corsOrigin, 0)
	green := w.newHost(t, known)
	if err := syscall.Kill(before.Status.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if fate := w.fate(t, change); fate.State != orbit.ChangeApplied {
		t.Fatalf("the change is %s: %v", fate.State, fate.Problem)
	}
	w.servesAgain(t, end)
	if now := w.instance(t, "globex"); now.Status.PID != green {
		t.Errorf("process %d serves, want %d, which was booting", now.Status.PID, green)
	}
	w.allows(t, true)
}

// killGreen kills the new process of a restart as soon as requests go to it. The restart was right: the process is
// started again with the new config.
func killGreen(t *testing.T, w *world) {
	before := w.instance(t, "globex")
	end := w.probe(t, "globex")
	change := w.write(t, "globex", strings.TrimSuffix(before.Config, corsOrigin), 0)
	green := before.Status.PID
	eventually(t, "requests go to another process", func() bool {
		green = w.instance(t, "globex").Status.PID
		return green != before.Status.PID && green != 0
	})
	if err := syscall.Kill(green, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if fate := w.fate(t, change); fate.State != orbit.ChangeApplied {
		t.Fatalf("the change is %s: %v", fate.State, fate.Problem)
	}
	eventually(t, "another process serves", func() bool {
		now := w.instance(t, "globex").Status
		return now.PID != 0 && now.PID != green && now.Phase == orbit.PhaseReady
	})
	w.servesAgain(t, end)
	w.allows(t, false)

	original := w.instance(t, "globex").Config
	const endpoint = "\nproxy:\n  endpoints:\n    /after: {target: 'http://127.0.0.1:1'}\n"
	for _, config := range []string{original + endpoint, original} {
		if fate := w.fate(t, w.write(t, "globex", config, 0)); fate.State != orbit.ChangeApplied || fate.Impact != orbit.ImpactLive {
			t.Errorf("the next change is %s with impact %s (%v), want applied live", fate.State, fate.Impact, fate.Problem)
		}
	}
	if changes := w.plan(t); len(changes) != 0 {
		t.Errorf("afterwards the plan changes %v, want nothing", changes)
	}
}

// write declares the workspace's instance with the app-config; a deadline of 0 is the usual one.
func (w *world) write(t *testing.T, workspace, config string, deadlineSeconds int) *orbit.Change {
	t.Helper()
	current := w.instance(t, workspace)
	write := orbit.InstanceWrite{InstanceSpec: current.InstanceSpec}
	write.Config, write.DeadlineSeconds = config, deadlineSeconds
	change, err := w.client.PutInstance(t.Context(), workspace, orbit.IfMatch(current.ETag), write)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func (w *world) fate(t *testing.T, change *orbit.Change) *orbit.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	fate, err := w.client.WaitChange(ctx, change.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fate
}

// allows wants globex to allow the origin, or not: that is how a process shows which config it has.
func (w *world) allows(t *testing.T, want bool) {
	t.Helper()
	answer := w.get(t, "globex", request{path: component, origin: origin})
	if got := answer.header.Get("Access-Control-Allow-Origin") == origin; got != want {
		t.Errorf("the process that serves allows the new origin: %v, want %v", got, want)
	}
}

// servesAgain wants requests to be served, and those before to have had an answer each.
func (w *world) servesAgain(t *testing.T, end func() map[int]int) {
	t.Helper()
	eventually(t, "requests are served again", func() bool {
		return w.get(t, "globex", request{path: readiness}).status == http.StatusOK
	})
	answers := end()
	for status := range answers {
		if !slices.Contains([]int{http.StatusOK, http.StatusBadGateway, http.StatusServiceUnavailable}, status) {
			t.Errorf("the answers meanwhile by status are %v, want nothing but 200, 502 and 503", answers)
		}
	}
	if answers[http.StatusOK] == 0 {
		t.Errorf("the answers meanwhile by status are %v, want 200 at the beginning and the end", answers)
	}
}

const readiness = "/.backstage/health/v1/readiness"

// probe asks the workspace all the time until the returned function is called, which counts the answers by status; 0 is
// none.
func (w *world) probe(t *testing.T, workspace string) (end func() map[int]int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	answers := map[int]int{}
	go func() {
		defer close(done)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			answer, err := w.send(ctx, workspace, request{path: readiness})
			if ctx.Err() == nil && err == nil {
				answers[answer.status]++
			} else if ctx.Err() == nil {
				answers[0]++
			}
		}
	}()
	return func() map[int]int {
		cancel()
		<-done
		return answers
	}
}

// hosts are the processes of all instances.
func (w *world) hosts(t *testing.T) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		if strings.Contains(string(line), "\x00--control\x00"+filepath.Join(w.dir, "run")) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// newHost waits for a process that was not there before.
func (w *world) newHost(t *testing.T, known []int) int {
	t.Helper()
	started := 0
	eventually(t, "a process is being prepared", func() bool {
		for _, pid := range w.hosts(t) {
			if !slices.Contains(known, pid) {
				started = pid
			}
		}
		return started != 0
	})
	return started
}

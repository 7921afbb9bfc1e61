package manager_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// processesShowing are those whose arguments or environment have one of the texts, this one's apart.
func processesShowing(t *testing.T, texts ...string) map[int]string {
	t.Helper()
	found := map[int]string{}
	for _, what := range []string{"cmdline", "environ"} {
		files, err := filepath.Glob("/proc/[0-9]*/" + what)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil || pid == os.Getpid() {
				continue // it has ended, or is somebody else's
			}
			for _, text := range texts {
				if bytes.Contains(content, []byte(text)) {
					found[pid] = what
				}
			}
		}
	}
	return found
}

// noCores says that the process leaves no core dump, which would have its secrets.
func noCores(t *testing.T, what string, pid int) {
	t.Helper()
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(limits), "Max core file size        1 ") {
		t.Errorf("%s (pid %d) may leave a core dump:\n%s", what, pid, limits)
	}
}

// postmaster is the pid of the program's PostgreSQL.
func (p *program) postmaster(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "data", "postgres", "*", "postmaster.pid"))
	if more, _ := filepath.Glob(filepath.Join(p.dir, "data", "postgres", "postmaster.pid")); len(more) > 0 {
		files = more
	}
	if err != nil || len(files) != 1 {
		t.Fatalf("found %v, %v, want one postmaster.pid", files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestNoProcessShowsASecret(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	const value = "shown-by-no-process-at-all"
	// A key of this test's own, so that no other test's processes have it.
	key := strings.Repeat("5ec0", secret.KeySize/2-2) + fmt.Sprintf("%08x", os.Getpid())
	p.environment = append(p.environment, "ORBIT_SEALING_KEY="+key)
	p.start(t, nil)
	c := p.client(t)
	change := settle(t, c, put(t, c, "hidden", "app:\n  title: ${TITLE}\n", withSecrets(1, map[string]string{"TITLE": value})))
	applied(t, change, orbit.ImpactNone)

	look := func(when string) {
		t.Helper()
		orbitd := p.pid(t)
		for pid, what := range processesShowing(t, key, value) {
			// The program's own first environment cannot be taken back; nobody but root and its user can read it.
			if pid != orbitd || what != "environ" {
				t.Errorf("%s: the %s of process %d shows a secret", when, what, pid)
			}
		}
		noCores(t, "orbitd", orbitd)
		noCores(t, "the instance", instance(t, c, "hidden").Status.PID)
		noCores(t, "PostgreSQL", p.postmaster(t))
	}
	look("after the start")
	before := p.pid(t)
	if _, err := p.run("restart"); err != nil {
		t.Fatal(err)
	}
	await(t, "the orbitd before to end", func() bool { return !runs(before) })
	// The successor has the key: it opens what is stored.
	applied(t, settle(t, c, put(t, c, "hidden", "app:\n  title: ${TITLE}\nproxy:\n  endpoints:\n    /x: {target: 'http://127.0.0.1:1'}\n")), orbit.ImpactLive)
	look("after a restart of orbitd")
}

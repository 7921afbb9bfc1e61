package e2e_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func measure(t *testing.T, w *world) {
	const reads = 51
	times := make([]time.Duration, reads)
	for i := range times {
		start := time.Now()
		w.instance(t, "acme")
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	figure("GET of an instance, median", float64(times[reads/2].Microseconds())/1000, "ms", 5)

	// Both processes start at the same moment on databases that have what they need, so that they can be compared.
	kill(t, w, "acme", "globex")
	memory := w.memoryAfter(t, time.Minute, "acme", "globex")
	base, with := memory["globex"], memory["acme"]
	figure("memory of an instance of the base release and one small module, a minute after it was ready", base, "MB", 420)
	figure("memory of an instance with Argo CD's backend", with, "MB", 420)
	fmt.Printf("figure: memory that the plugin @roadiehq/backstage-plugin-argo-cd-backend adds: %.1f MB\n", with-base)
	// orbitd gives back now and then what building and reading took; what it needs is what it comes down to.
	var own int64
	eventually(t, "orbitd takes at most 60 MB", 2*time.Minute, func() bool {
		bytes, err := workbench.MemoryBytes(w.orbitd.PID())
		if err != nil {
			t.Fatal(err)
		}
		own = bytes
		return megabytes(own) <= 60
	})
	figure("memory of orbitd with two instances", megabytes(own), "MB", 60)
	if base > 420 || megabytes(own) > 60 {
		t.Errorf("an instance takes %.0f MB and orbitd %.0f, want at most 420 and 60", base, megabytes(own))
	}
}

// kill ends the processes of the workspaces and waits until orbitd has started others.
func kill(t *testing.T, w *world, workspaces ...string) {
	t.Helper()
	before := map[string]int{}
	for _, workspace := range workspaces {
		before[workspace] = w.instance(t, workspace).Status.PID
		if err := syscall.Kill(before[workspace], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	for _, workspace := range workspaces {
		eventually(t, workspace+" comes back", time.Minute, func() bool {
			status := w.instance(t, workspace).Status
			return status.PID != 0 && status.PID != before[workspace] && status.Phase == orbit.PhaseReady
		})
	}
}

// memoryAfter is the resident memory of each workspace's process in MB: the median of what it has in the 10 s after the
// pause, because Node's garbage collector moves it by tens of megabytes.
func (w *world) memoryAfter(t *testing.T, pause time.Duration, workspaces ...string) map[string]float64 {
	t.Helper()
	const samples = 21
	taken := map[string][]int64{}
	wait := time.NewTimer(pause)
	defer wait.Stop()
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	<-wait.C
	for range samples {
		<-ticker.C
		for _, workspace := range workspaces {
			taken[workspace] = append(taken[workspace], w.instance(t, workspace).Status.MemoryBytes)
		}
	}
	medians := map[string]float64{}
	for workspace, values := range taken {
		slices.Sort(values)
		medians[workspace] = megabytes(values[samples/2])
	}
	return medians
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSamplesAndMedians(t *testing.T) {
	t.Parallel()
	s := sample{30, 10, 20, 40}
	for p, want := range map[float64]time.Duration{0: 10, 0.5: 30, 0.99: 40, 1: 40} {
		if got := s.at(p); got != want {
			t.Errorf("at %g is %d, want %d", p, got, want)
		}
	}
	if got := (sample{}).at(0.5); got != 0 {
		t.Errorf("an empty sample has %d", got)
	}
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("the median of %v is %g, want %g", c.values, got, c.want)
		}
	}
}

func TestOverheadComparesEachRoundWithItself(t *testing.T) {
	t.Parallel()
	// The machine was busy in the second round.
	latencies := map[string][]float64{direct: {10, 100, 12}, serveGateway: {30, 125, 33}, "nginx": {20, 111, 22}}
	want := figure{"x", 21, "us", "nginx", 10}
	if diff := cmp.Diff(want, overhead("x", latencies, "nginx")); diff != "" {
		t.Errorf("beside nginx (-want +got):\n%s", diff)
	}
	want = figure{"x", 21, "us", directsLatency, 12}
	if diff := cmp.Diff(want, overhead("x", latencies, direct)); diff != "" {
		t.Errorf("beside the direct way (-want +got):\n%s", diff)
	}
}

func TestOnlyKnownBenchesCanBeChosen(t *testing.T) {
	t.Parallel()
	if got, err := choose(""); err != nil || !cmp.Equal(got, names()) {
		t.Errorf("by default %v, %v is measured, want all", got, err)
	}
	if got, err := choose("boot,gateway"); err != nil || len(got) != 2 {
		t.Errorf("chosen are %v, %v", got, err)
	}
	if _, err := choose("boot,speed"); err == nil {
		t.Error("an unknown name is accepted")
	}
}

func TestFiguresAreWrittenAsAList(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "bench.json")
	figures := []figure{{"boot_s", 5.1, "s", "from a standby", 2.4}, {"live_change_ms", 80, "ms", "a restart", 5000}}
	if err := save(file, figures); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"name": "boot_s", "value": 5.1, "unit": "s", "baseline": "from a standby", "baseline_value": 2.4}
	if diff := cmp.Diff(want, got[0]); diff != "" || len(got) != 2 {
		t.Errorf("%d figures, the first (-want +got):\n%s", len(got), diff)
	}
}

func TestTheLoadSeesFailuresAndWaits(t *testing.T) {
	t.Parallel()
	const well, badly = 20, 10
	var asked atomic.Int64
	enough := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		if r.Host != host || r.Header.Get("Authorization") != "Bearer session" || (n > well && n <= well+badly) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if n == well+badly+1 {
			close(enough)
		}
	}))
	defer server.Close()
	s := &site{gateway: server.Listener.Addr().String(), session: "session"}
	got, err := s.loaded(t.Context(), func() error { <-enough; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if got.failures != badly || len(got.waits) <= well || got.first == "" {
		t.Errorf("%d requests failed (%s) and %d did not, want %d and more than %d", got.failures, got.first, len(got.waits), badly, well)
	}
	// Ten requests, due every 10 ms, are 90 ms without an answer.
	if got.longest() < (badly-2)*loadEvery {
		t.Errorf("the longest wait is %v, want the time in which all failed", got.longest())
	}
}

func TestAProcessIsFoundByItsPort(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	address, err := listensOn(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	// Another test of this process may listen too.
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

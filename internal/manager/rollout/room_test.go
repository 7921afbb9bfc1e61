package rollout

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/memory"
)

func TestWhatAProcessNeeds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		observed int64
		limitMiB int
		standby  int64
		want     int64
	}{
		"as much as the one that serves":         {400 * mib, 1024, 0, 400 * mib},
		"an estimate where nothing is known":     {0, 1024, 0, processEstimate},
		"never more than its limit":              {900 * mib, 512, 0, 512 * mib},
		"the estimate within the limit too":      {0, 256, 0, 256 * mib},
		"less by what its standby takes already": {400 * mib, 1024, 250 * mib, 150 * mib},
		"nothing more where that is all":         {200 * mib, 1024, 250 * mib, 0},
		"without a limit as observed":            {2000 * mib, 0, 0, 2000 * mib},
	} {
		if got := need(c.observed, c.limitMiB, c.standby); got != c.want {
			t.Errorf("%s: need is %d MiB, want %d", name, got/mib, c.want/mib)
		}
	}
}

func TestWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		total, available, promised, bytes int64 // MiB
		want                              bool
	}{
		"down to the reserve":                     {2000, 400, 0, 300, true}, // 5 % are 100
		"not into it":                             {2000, 399, 0, 300, false},
		"not into what was promised":              {2000, 500, 101, 300, false},
		"with a reserve of at most 256 MiB":       {64000, 556, 0, 300, true},
		"and not less on a machine that is large": {64000, 555, 0, 300, false},
	} {
		state := memory.State{Total: c.total * mib, Available: c.available * mib}
		if got := fits(state, c.promised*mib, c.bytes*mib); got != c.want {
			t.Errorf("%s: fits is %v", name, got)
		}
	}
}

// machine is a memory of 2000 MiB, of which 100 are kept free.
type machine struct{ available atomic.Int64 }

func (m *machine) read() (memory.State, error) {
	return memory.State{Total: 2000 * mib, Available: m.available.Load() * mib}, nil
}

func TestABootWaitsForMemoryWithinItsPatience(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		must  bool
		freed time.Duration // 0 is never
		want  time.Duration
		short bool
	}{
		"until it is there": {freed: time.Second, want: time.Second},
		"and gives up":      {want: roomPatience, short: true},
		"and goes ahead where nothing else serves": {must: true, want: roomPatience},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var m machine
				m.available.Store(350)
				if c.freed > 0 {
					time.AfterFunc(c.freed, func() { m.available.Store(400) })
				}
				p, asked, begin := newPlaces(1, m.read), 0, time.Now()
				leave, err := p.wait(t.Context(), 300*mib, c.must, func() { asked++ })
				var short *shortage
				if errors.As(err, &short) != c.short || c.short != (leave == nil) {
					t.Fatalf("wait gave %v", err)
				}
				if took := time.Since(begin); took < c.want || took > c.want+roomEvery {
					t.Errorf("it took %v, want %v", took, c.want)
				}
				if asked != 1 {
					t.Errorf("others were asked %d times to free memory, want once", asked)
				}
				if c.short {
					if short.need != 300*mib || short.available != 350*mib || short.reserve != 100*mib {
						t.Errorf("the shortage is %+v", short)
					}
				} else {
					leave()
				}
				if p.promised != 0 || !p.cores.TryAcquire(1) {
					t.Errorf("%d bytes are promised at the end, or the core is taken", p.promised)
				}
			})
		})
	}
}

func TestMemoryIsPromisedToOneBoot(t *testing.T) {
	t.Parallel()
	var m machine
	m.available.Store(500)
	p := newPlaces(4, m.read)
	leave, ok := p.try(300 * mib)
	if !ok {
		t.Fatal("there is no place for the first")
	}
	if _, ok := p.try(300 * mib); ok {
		t.Error("the same memory is promised twice")
	}
	leave()
	leave() // does nothing more
	if leave, ok = p.try(300 * mib); !ok {
		t.Fatal("a place that was left is not given again")
	}
	leave()
	if p.promised != 0 {
		t.Errorf("%d bytes are promised at the end", p.promised)
	}
}

func TestCoresBoundTheBoots(t *testing.T) {
	t.Parallel()
	var m machine
	m.available.Store(2000)
	p := newPlaces(2, m.read)
	for range 2 {
		leave, ok := p.try(0)
		if !ok {
			t.Fatal("there is no place")
		}
		defer leave()
	}
	if _, ok := p.try(0); ok {
		t.Error("a third boot has a place of two")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.wait(ctx, 0, true, func() {}); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that is cancelled gives %v", err)
	}
}

func TestMemoryThatCannotBeReadIsNoBound(t *testing.T) {
	t.Parallel()
	p := newPlaces(1, func() (memory.State, error) { return memory.State{}, errors.New("no /proc") })
	if _, ok := p.try(1 << 60); !ok || p.pressed() {
		t.Error("a memory that cannot be read keeps from booting")
	}
}

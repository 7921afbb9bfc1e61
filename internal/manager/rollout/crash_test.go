package rollout

import (
	"testing"
	"time"
)

func TestAnInstanceThatEndsByItselfIsStartedAgainWithGrowingWaits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var c crashes
	for i, want := range []int{0, 1, 2, 4, 8, 16, 32, 60, 60} {
		c = c.add(now)
		if got := c.startAt().Sub(now); got != time.Duration(want)*time.Second {
			t.Errorf("after end %d the wait is %v, want %d s", i+1, got, want)
		}
		if got, want := c.looping(), i+1 >= 5; got != want {
			t.Errorf("after end %d looping is %t, want %t", i+1, got, want)
		}
		now = now.Add(time.Second)
	}
}

func TestOldEndsAreForgotten(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var c crashes
	for i := range 5 {
		c = c.add(start.Add(time.Duration(i) * time.Minute))
	}
	if !c.looping() {
		t.Fatal("5 ends in 5 minutes are not looping")
	}
	later := start.Add(11 * time.Minute)
	if c = c.since(later); c.looping() || len(c) != 3 {
		t.Errorf("11 minutes after the first end %d ends count, want 3", len(c))
	}
}

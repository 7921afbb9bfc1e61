package rollout

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestGatherEndsWhenNothingArrivesAnyMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		arrivals := make(chan struct{}, 1)
		go func() {
			for range 3 {
				time.Sleep(200 * time.Millisecond)
				arrivals <- struct{}{}
			}
		}()
		start := time.Now()
		gather(t.Context(), arrivals)
		if got, want := time.Since(start), 900*time.Millisecond; got != want {
			t.Errorf("gathered for %v, want %v: 300 ms after the last of three arrivals", got, want)
		}
	})
}

func TestGatherIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		arrivals := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		var arriving sync.WaitGroup
		arriving.Go(func() {
			ticker := time.NewTicker(100 * time.Millisecond)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
				case <-ctx.Done():
					return
				}
				select {
				case arrivals <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
		})
		start := time.Now()
		gather(ctx, arrivals)
		if got := time.Since(start); got != gatherLongest {
			t.Errorf("gathered for %v, want %v", got, gatherLongest)
		}
		cancel()
		arriving.Wait()
	})
}

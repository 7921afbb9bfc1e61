package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// slowAPI answers a read after a second with what it had when it was asked.
type slowAPI struct {
	mu         sync.Mutex
	asked      int
	generation int64
	fails      error
}

func (a *slowAPI) read(ctx context.Context, workspace string) (*orbit.Instance, error) {
	a.mu.Lock()
	a.asked++
	answer, fails := &orbit.Instance{Workspace: workspace, Generation: a.generation}, a.fails
	a.mu.Unlock()
	select {
	case <-time.After(time.Second):
		return answer, fails
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (a *slowAPI) write(generation int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation = generation
}

func (a *slowAPI) wasAsked(t *testing.T, times int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked != times {
		t.Errorf("asked %d times, want %d", a.asked, times)
	}
}

// sees fails unless a read that begins now sees the generation.
func sees(t *testing.T, r *reads, a *slowAPI, generation int64) {
	t.Helper()
	instance, err := r.instance(t.Context(), "acme", a.read)
	if err != nil || instance.Generation != generation {
		t.Errorf("read %+v, %v; want generation %d", instance, err, generation)
	}
}

func TestReadsOfOneWorkspaceShareARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r reads
		a := &slowAPI{generation: 1}
		var readers sync.WaitGroup
		for i := range 20 {
			readers.Go(func() {
				time.Sleep(time.Duration(i) * 40 * time.Millisecond)
				sees(t, &r, a, 1)
			})
		}
		readers.Wait()
		a.wasAsked(t, 1)
		sees(t, &r, a, 1)
		a.wasAsked(t, 1)
		if _, err := r.instance(t.Context(), "other", a.read); err != nil {
			t.Error(err)
		}
		a.wasAsked(t, 2)
		a.write(2)
		time.Sleep(readLifetime)
		sees(t, &r, a, 2)
		a.wasAsked(t, 3)
	})
}

func TestNothingReadBeforeAWriteIsSeenAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r reads
		a := &slowAPI{generation: 1}
		var before sync.WaitGroup
		before.Go(func() { sees(t, &r, a, 1) })
		synctest.Wait() // its request is under way
		r.end("acme")
		a.write(2)
		sees(t, &r, a, 2)
		before.Wait()
		a.write(3) // what orbitd makes of the write comes later
		sees(t, &r, a, 3)
		a.wasAsked(t, 3)
	})
}

func TestAReaderThatGivesUpLeavesTheRequestToTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r reads
		a := &slowAPI{generation: 1}
		ctx, cancel := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		readers.Go(func() {
			if _, err := r.instance(ctx, "acme", a.read); !errors.Is(err, context.Canceled) {
				t.Errorf("the one that gave up got %v", err)
			}
		})
		synctest.Wait()
		readers.Go(func() { sees(t, &r, a, 1) })
		synctest.Wait()
		cancel()
		readers.Wait()
		a.wasAsked(t, 1)
	})
}

func TestTheLastReaderThatGivesUpEndsTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r reads
		a := &slowAPI{generation: 1}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := r.instance(ctx, "acme", a.read)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		synctest.Wait() // the bubble ends only when the request has
		sees(t, &r, a, 1)
		a.wasAsked(t, 2)
		if _, err := r.instance(ctx, "acme", a.read); err == nil {
			t.Error("a reader whose time is over got an answer")
		}
	})
}

func TestAFailureIsKeptForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r reads
		a := &slowAPI{generation: 1, fails: errors.New("lost")}
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				if _, err := r.instance(t.Context(), "acme", a.read); !errors.Is(err, a.fails) {
					t.Errorf("error = %v", err)
				}
			})
		}
		readers.Wait()
		a.wasAsked(t, 1)
		a.fails = nil
		sees(t, &r, a, 1)
	})
}

// Whoever reads and writes as they like never sees less than what was there when the read began.
func TestReadsAreNeverStaleAmongWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r reads
		a := &slowAPI{}
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				time.Sleep(time.Duration(i*i%37) * 100 * time.Millisecond)
				if i%8 == 7 {
					r.end("acme")
					a.mu.Lock()
					a.generation++
					a.mu.Unlock()
					return
				}
				a.mu.Lock()
				least := a.generation
				a.mu.Unlock()
				instance, err := r.instance(t.Context(), "acme", a.read)
				if err != nil || instance.Generation < least {
					t.Error(fmt.Sprintf("read %+v, %v", instance, err), "want at least", least)
				}
			})
		}
		all.Wait()
	})
}

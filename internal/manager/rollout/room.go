package rollout

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/memory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

const (
	mib = 1 << 20
	// processEstimate is what a process takes of which nothing is known yet: a full release takes 260 to 290 MB with
	// the process runtime's flags, and more with plugins.
	processEstimate = 300 * mib
	// reserveShare of all memory, as one in so many parts, and at most reserveMost are left to everything else.
	reserveShare = 20
	reserveMost  = 256 * mib
	// roomPatience is how long a boot waits for others, and for drains, to give memory back.
	roomPatience = 3 * time.Second
	// roomEvery is between two looks at the memory, which gives no signal.
	roomEvery = 100 * time.Millisecond
)

// need is how many bytes a process still takes until it serves: as much as one that serves takes (observed; 0 is
// unknown), or its limit, of which its standby has taken some already.
func need(observed int64, limitMiB int, standby int64) int64 {
	if observed == 0 {
		observed = processEstimate
	}
	if limitMiB > 0 {
		observed = min(observed, int64(limitMiB)*mib)
	}
	return max(observed-standby, 0)
}

// reserve is what is never given to instances.
func reserve(m memory.State) int64 { return min(m.Total/reserveShare, reserveMost) }

// fits says whether there is room for a process that takes so many bytes, beside those that were promised to others.
func fits(m memory.State, promised, bytes int64) bool {
	return m.Available-promised-bytes >= reserve(m)
}

// shortage is a boot for which there is no room. All are bytes.
type shortage struct{ need, available, promised, reserve int64 }

// Error says what is missing, for people.
func (s *shortage) Error() string {
	text := fmt.Sprintf("a process takes about %d MiB, and of the %d MiB of memory that are available %d MiB are kept free",
		s.need/mib, s.available/mib, s.reserve/mib)
	if s.promised > 0 {
		text += fmt.Sprintf(" and %d MiB are for others that boot now", s.promised/mib)
	}
	return text
}

// places is the boot semaphore, sized by cores and memory.
type places struct {
	cores  *semaphore.Weighted
	memory func() (memory.State, error)

	mu       sync.Mutex
	promised int64 // bytes, to the boots under way
}

func newPlaces(cores int64, read func() (memory.State, error)) *places {
	return &places{cores: semaphore.NewWeighted(cores), memory: read}
}

// try takes a place if there is one now. Whoever has one leaves it.
func (p *places) try(bytes int64) (leave func(), ok bool) {
	if !p.cores.TryAcquire(1) {
		return nil, false
	}
	if p.promise(bytes) != nil {
		p.cores.Release(1)
		return nil, false
	}
	return p.leaving(bytes), true
}

// wait takes a place when there is one. Where memory is short, short is called once, to free some; when that does not
// help within roomPatience the error is a *shortage, except for a boot that has to be: it goes ahead.
func (p *places) wait(ctx context.Context, bytes int64, must bool, short func()) (leave func(), err error) {
	if err := p.cores.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := p.waitForMemory(ctx, bytes, must, short); err != nil {
		p.cores.Release(1)
		return nil, err
	}
	return p.leaving(bytes), nil
}

func (p *places) waitForMemory(ctx context.Context, bytes int64, must bool, short func()) error {
	missing := p.promise(bytes)
	if missing == nil {
		return nil
	}
	short()
	patience := time.NewTimer(roomPatience)
	defer patience.Stop()
	ticker := time.NewTicker(roomEvery)
	defer ticker.Stop()
	for {
		if missing = p.promise(bytes); missing == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-patience.C:
			if must {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.promised += bytes
				return nil
			}
			return missing
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// promise promises the bytes to a boot, if they are there; otherwise a *shortage says what is missing. Memory that
// cannot be read is no reason not to boot.
func (p *places) promise(bytes int64) error {
	state, err := p.memory()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && !fits(state, p.promised, bytes) {
		return &shortage{need: bytes, available: state.Available, promised: p.promised, reserve: reserve(state)}
	}
	p.promised += bytes
	return nil
}

func (p *places) leaving(bytes int64) func() {
	return sync.OnceFunc(func() {
		p.mu.Lock()
		p.promised -= bytes
		p.mu.Unlock()
		p.cores.Release(1)
	})
}

// pressed says whether so little memory is left that standbys are given up.
func (p *places) pressed() bool {
	state, err := p.memory()
	return err == nil && !fits(state, 0, 0)
}

// residentBytes is what a process takes now; 0 when it is unknown.
func residentBytes(ctx context.Context, p runtime.Process) int64 {
	stats, err := p.Stats(ctx)
	if err != nil {
		return 0
	}
	return stats.MemoryBytes
}

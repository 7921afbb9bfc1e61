package rollout

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

const (
	// poolQuiet is how long no standby must have been used, and nothing must have begun to serve, before the pool is
	// filled: loading packages takes the time of the cores that a rollout needs.
	poolQuiet = 2 * time.Second
	// poolEvery is how often the pool looks whether the memory is needed elsewhere.
	poolEvery = 5 * time.Second
	// poolRetry is how long the pool waits after a standby that could not be started.
	poolRetry = time.Minute
)

// pool keeps standbys of no workspace, where all instances run as one user: whichever is rolled out first takes one.
type pool struct {
	*Supervisor
	wakes chan struct{}

	mu       sync.Mutex
	standbys []pooled
}

// pooled is a standby in the pool.
type pooled struct {
	kind    kind
	process runtime.Process
}

func newPool(s *Supervisor) *pool { return &pool{Supervisor: s, wakes: make(chan struct{}, 1)} }

// wanted says which standbys there should be, at most so many: those of the kinds that most instances are of.
func wanted(instances []kind, most int) []kind {
	count := map[kind]int{}
	for _, k := range instances {
		count[k]++
	}
	kinds := slices.SortedFunc(maps.Keys(count), func(a, b kind) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(a.bundle, b.bundle), a.memoryLimitMiB-b.memoryLimitMiB)
	})
	return kinds[:min(most, len(kinds))]
}

// missing are the wanted kinds that there is no standby of.
func missing(wanted, there []kind) []kind {
	return slices.DeleteFunc(slices.Clone(wanted), func(k kind) bool { return slices.Contains(there, k) })
}

// wake makes the pool look at what is wanted when poolQuiet is over.
func (p *pool) wake() {
	select {
	case p.wakes <- struct{}{}:
	default:
	}
}

// take returns a standby of the kind, which is the caller's from then on; nil when there is none.
func (p *pool) take(k kind) runtime.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, s := range p.standbys {
		if s.kind == k && !exited(s.process) {
			p.standbys = slices.Delete(p.standbys, i, i+1)
			p.wake()
			return s.process
		}
	}
	return nil
}

// giveUp ends all standbys, because their memory is needed.
func (p *pool) giveUp() { p.keep(p.ctx, nil) }

// run keeps the pool as it is wanted until ctx is done, and ends it then.
func (p *pool) run(ctx context.Context) {
	defer p.giveUp()
	quiet := time.NewTimer(poolQuiet)
	defer quiet.Stop()
	ticker := time.NewTicker(poolEvery)
	defer ticker.Stop()
	for {
		select {
		case <-p.wakes:
			quiet.Reset(poolQuiet)
		case <-quiet.C:
			if again := p.fill(ctx); again > 0 {
				quiet.Reset(again)
			}
		case <-ticker.C:
			if p.places.pressed() {
				p.giveUp()
				quiet.Reset(poolRetry)
			}
		case <-ctx.Done():
			return
		}
	}
}

// fill ends the standbys that nobody wants any more and starts those that are missing, as far as there is room for them
// and for a rollout beside. It returns when to try again, 0 for at the next wake.
func (p *pool) fill(ctx context.Context) (again time.Duration) {
	want := wanted(p.kinds(), p.SharedStandbys)
	there := p.keep(ctx, want)
	for _, k := range missing(want, there) {
		bytes := need(0, k.memoryLimitMiB, 0)
		leave, ok := p.places.try(2 * bytes)
		if !ok {
			return poolRetry
		}
		process, err := p.Runtime.Start(ctx, runtime.Spec{ID: newProcessID(), Bundle: k.dir, MemoryLimitMiB: k.memoryLimitMiB})
		leave()
		if err != nil {
			if ctx.Err() == nil {
				p.Logger.WarnContext(ctx, "no standby could be started", "bundle", k.bundle, "error", err)
			}
			return poolRetry
		}
		p.mu.Lock()
		p.standbys = append(p.standbys, pooled{k, process})
		p.mu.Unlock()
		p.Logger.InfoContext(ctx, "a process stands by", "bundle", k.bundle, "memory_limit_mib", k.memoryLimitMiB)
	}
	return 0
}

// keep ends the standbys of other kinds, and forgets those that have ended. It returns the kinds that are left.
func (p *pool) keep(ctx context.Context, kinds []kind) (left []kind) {
	p.mu.Lock()
	var gone []pooled
	p.standbys = slices.DeleteFunc(p.standbys, func(s pooled) bool {
		if slices.Contains(kinds, s.kind) && !exited(s.process) {
			left = append(left, s.kind)
			return false
		}
		gone = append(gone, s)
		return true
	})
	p.mu.Unlock()
	for _, s := range gone {
		p.endStandby(ctx, s.process)
	}
	return left
}

// endStandby ends a standby at once: it does nothing for anybody.
func (s *Supervisor) endStandby(ctx context.Context, p runtime.Process) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.StopGrace)
	defer cancel()
	if err := p.Stop(ctx, 0); err != nil {
		s.Logger.ErrorContext(ctx, "standby not stopped", "standby", p.Handle().ID, "error", err)
	}
}

// kinds are those of the instances that serve now and whose packages are installed.
func (p *pool) kinds() []kind {
	var kinds []kind
	for _, given := range p.served() {
		if installed, found := p.Bundles.Installed(given.Spec.Release, given.Packages()); found {
			kinds = append(kinds, kindOf(installed, given))
		}
	}
	return kinds
}

// endUnassigned ends the standbys of no workspace that an earlier orbitd left when it died.
func (s *Supervisor) endUnassigned(ctx context.Context) error {
	handles, err := s.Runtime.Unassigned(ctx)
	if err != nil {
		return err
	}
	for _, handle := range handles {
		if p, err := s.Runtime.Recover(ctx, handle); err == nil { // an error is most likely its end
			s.endStandby(ctx, p)
		}
	}
	return nil
}

// exited says whether the process has ended.
func exited(p runtime.Process) bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}

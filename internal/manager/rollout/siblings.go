package rollout

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// One apply writes the resources of an instance one by one, and plans each once more before. A plan that has to ask npm's
// registry takes seconds, by which its write comes after the others'.
const (
	// siblingGrace is how long a rollout that lacks something waits for another write when none is being planned.
	siblingGrace = time.Second
	// siblingLongest bounds the wait where plans go on; it is more than a plan may take.
	siblingLongest = 30 * time.Second
)

// plans counts the plans that are being made, by workspace.
type plans struct {
	mu      sync.Mutex
	made    map[string]int
	changed *broadcast
}

func newPlans() *plans { return &plans{made: map[string]int{}, changed: newBroadcast()} }

// Planning notes that a write of the workspace is being planned, until done is called: it may follow.
func (s *Supervisor) Planning(workspace string) (done func()) {
	s.plans.add(workspace, 1)
	return func() { s.plans.add(workspace, -1) }
}

func (p *plans) add(workspace string, n int) {
	p.mu.Lock()
	if p.made[workspace] += n; p.made[workspace] == 0 {
		delete(p.made, workspace)
	}
	p.mu.Unlock()
	p.changed.send()
}

func (p *plans) underWay(workspace string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made[workspace] > 0
}

// lacksSibling says whether a rollout was refused for what another resource of the same apply may bring.
func lacksSibling(err error) bool {
	var refused *orbit.Problem
	return errors.As(err, &refused) && refused.Code == orbit.CodeModuleWithoutPlugin
}

// awaitSibling waits for another write of the workspace and says whether something arrived.
func (a *actor) awaitSibling(ctx context.Context) (arrived bool) {
	longest := time.NewTimer(siblingLongest)
	defer longest.Stop()
	grace := time.NewTimer(siblingGrace)
	defer grace.Stop()
	for {
		changed := a.plans.changed.wait()
		quiet := grace.C
		if a.plans.underWay(a.workspace) {
			quiet = nil
			grace.Reset(siblingGrace)
		}
		select {
		case <-a.wakes:
			return true
		case <-changed:
		case <-quiet:
			return false
		case <-longest.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

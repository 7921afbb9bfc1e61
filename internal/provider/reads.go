package provider

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// readLifetime is how long one read of a workspace serves the reads that come after it. A refresh reads an instance and its
// plugins within seconds of each other; what somebody else changes in between is noticed by the ETag when it is written.
const readLifetime = 30 * time.Second

// reads let the resources of a workspace share what was read of it, so that refreshing an instance with many plugins is one
// request. The zero reads are ready; all methods may be called concurrently.
//
// Reads that come while one is under way join it, and those that come soon after it get what it brought. A failure is
// given to those who joined and kept for nobody else. A reader that gives up leaves the request to the others; it ends with
// the last of them.
//
// Nothing is shared any more of a workspace once this process writes to it, because what is read then may be overtaken at
// any time by the end of the change. So every read that begins after the beginning of a write is a request of its own,
// whatever became of the write, and a read that began before fills nothing. Whoever reads when the provider writes no
// more is served by another process: Terraform starts one for each plan and each apply.
type reads struct {
	mu     sync.Mutex
	shared map[string]*sharedRead
	ended  map[string]bool
}

// sharedRead is one request and what it brought.
type sharedRead struct {
	done   chan struct{} // closed when the rest is known
	cancel context.CancelFunc

	instance *orbit.Instance
	err      error
	expires  time.Time

	readers int // under reads.mu
}

// end ends the sharing of a workspace: it is about to be written to.
func (r *reads) end(workspace string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended == nil {
		r.ended = map[string]bool{}
	}
	r.ended[workspace] = true
	delete(r.shared, workspace)
}

// instance returns the workspace's instance, which nobody may change, from the request of whoever reads it now or did so
// a moment ago, or from one of its own.
func (r *reads) instance(ctx context.Context, workspace string,
	read func(context.Context, string) (*orbit.Instance, error),
) (*orbit.Instance, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read instance %s: %w", workspace, err)
	}
	joined, shared := r.join(ctx, workspace, read)
	if !shared {
		return read(ctx, workspace)
	}
	defer r.leave(workspace, joined)
	select {
	case <-joined.done:
		return joined.instance, joined.err
	case <-ctx.Done():
		return nil, fmt.Errorf("read instance %s: %w", workspace, ctx.Err())
	}
}

// join finds or begins the shared read of a workspace; there is none once its sharing has ended.
func (r *reads) join(ctx context.Context, workspace string,
	read func(context.Context, string) (*orbit.Instance, error),
) (*sharedRead, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended[workspace] {
		return nil, false
	}
	if s, found := r.shared[workspace]; found && !s.over() {
		s.readers++
		return s, true
	}
	// The request is nobody's own: it goes on for as long as anybody waits for it.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &sharedRead{done: make(chan struct{}), cancel: cancel, readers: 1}
	if r.shared == nil {
		r.shared = map[string]*sharedRead{}
	}
	r.shared[workspace] = s
	go func() {
		defer cancel()
		s.instance, s.err = read(own, workspace)
		s.expires = time.Now().Add(readLifetime)
		close(s.done)
	}()
	return s, true
}

// ended says whether the request has ended.
func (s *sharedRead) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// over says whether the request has ended and serves nobody any more.
func (s *sharedRead) over() bool { return s.ended() && (s.err != nil || !time.Now().Before(s.expires)) }

// leave ends a request that nobody waits for any more, and makes place for the next.
func (r *reads) leave(workspace string, s *sharedRead) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.readers--; s.readers > 0 || s.ended() {
		return
	}
	s.cancel()
	if r.shared[workspace] == s {
		delete(r.shared, workspace)
	}
}

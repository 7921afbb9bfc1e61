package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

const (
	askTimeout = 2 * time.Second        // for the host to say that it stops
	ownTimer   = 500 * time.Millisecond // beyond the grace, for the host's own timer
	termWait   = 500 * time.Millisecond // between SIGTERM and SIGKILL once the grace is over
)

// Stop asks the host to stop, and reminds it with SIGTERM and SIGKILL. See runtime.Process.
func (p *instance) Stop(ctx context.Context, grace time.Duration) error {
	p.mu.Lock()
	p.requested = true
	p.mu.Unlock()
	if err := p.stop(ctx, grace); err != nil {
		return fmt.Errorf("stop process %s of workspace %s: %w", p.key().id, p.key().workspace, err)
	}
	return nil
}

func (p *instance) stop(ctx context.Context, grace time.Duration) error {
	over := time.Now().Add(grace)
	if p.hasExited() {
		return nil
	}
	if grace > 0 {
		if !p.asked(ctx, grace) {
			p.task.signal(unix.SIGTERM)
		}
		if ended, err := p.endsWithin(ctx, time.Until(over)+ownTimer); ended || err != nil {
			return err
		}
		p.task.signal(unix.SIGTERM)
		if ended, err := p.endsWithin(ctx, termWait); ended || err != nil {
			return err
		}
	}
	p.task.kill()
	select {
	case <-p.exited:
		return nil
	case <-p.left:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// asked says whether the host knows that it has to stop.
func (p *instance) asked(ctx context.Context, grace time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, min(grace, askTimeout))
	defer cancel()
	_, err := p.control.call(ctx, request{Op: "stop", GraceMS: max(1, grace.Milliseconds())})
	var refused *hostError
	return err == nil || errors.As(err, &refused)
}

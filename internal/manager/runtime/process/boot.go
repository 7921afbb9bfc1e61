package process

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	statusEvery = 20 * time.Millisecond // between two looks at a host that has no way to tell
	endsItself  = 3 * time.Second       // for a host that failed and said so
	bootLogTail = 20                    // lines of log in a BootError
	lastWords   = 200                   // lines of log that Node's report of a full heap is in
)

// awaitStandby waits until the host has loaded the bundle. Its error is a *runtime.BootError, except when ctx was
// cancelled.
func (p *instance) awaitStandby(ctx context.Context) error {
	a, err := p.awaitOther(ctx, stateLoading)
	if err == nil && a.State != stateStandby {
		err = &hostError{Code: codeLoadFailed, Message: fmt.Sprintf("the host is in the state %q, not in standby", a.State)}
	}
	return p.bootError(ctx, err, "loading its packages")
}

// Activate gives the process its config and waits until Backstage is ready. See runtime.Process.
func (p *instance) Activate(ctx context.Context, boot runtime.Boot) error {
	k := p.key()
	if k.workspace == "" {
		return fmt.Errorf("activate process %s: it is assigned to no workspace", k.id)
	}
	folders := p.runtime.layout
	a, err := p.control.callOnce(ctx, request{
		Op: "start", Config: boot.Document, Redact: boot.Redact,
		Workspace: k.workspace, Home: folders.home(k.workspace), Tmp: folders.tmp(k.workspace),
	})
	if errors.Is(err, errLost) {
		a, err = p.awaitOther(ctx, stateStarting)
	}
	if err == nil && a.Port == 0 {
		err = &hostError{Code: codeBootFailed, Message: "the host names no port that Backstage listens on"}
	}
	if err = p.bootError(ctx, err, "starting Backstage"); err != nil {
		return fmt.Errorf("activate process %s of workspace %s: %w", p.key().id, p.key().workspace, err)
	}
	return nil
}

// awaitOther asks the host for its state until it is another one. A failed host's error is its own.
func (p *instance) awaitOther(ctx context.Context, state string) (answer, error) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for {
		a, err := p.control.call(ctx, request{Op: "status"})
		switch {
		case errors.Is(err, errLost): // and so often: it is ending, or ctx will
		case err != nil:
			return a, err
		case a.State == stateFailed && a.Error != nil:
			return a, a.Error
		case a.State == stateFailed:
			return a, &hostError{Code: codeBootFailed, Message: "the host failed without saying why"}
		case a.State != state:
			return a, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return answer{}, ctx.Err()
		}
	}
}

// bootError makes of what went wrong while doing something the error that the contract wants, after the process has
// ended where it has to.
func (p *instance) bootError(ctx context.Context, err error, doing string) error {
	var said *hostError
	failure := &runtime.BootError{}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said) && said.brokeBoot():
		if ended, _ := p.endsWithin(context.WithoutCancel(ctx), endsItself); !ended {
			p.kill()
		}
		failure.Code, failure.Plugin, failure.Message = orbit.Code(said.Code), said.Plugin, said.Message
	case errors.Is(err, errEnded) && p.hasExited():
		failure.Code = orbit.CodeProcessExited
		failure.Message = fmt.Sprintf("the process %s while %s", p.Exit(), doing)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		p.kill()
		failure.Code = orbit.CodeBootTimeout
		failure.Message = fmt.Sprintf("the process was still %s at the deadline: %v", doing, err)
	default:
		return err
	}
	log, _ := tailLogs([]string{p.owned.Load().log}, lastWords) // without it the error still says what happened
	failure.LogTail = log[max(0, len(log)-bootLogTail):]
	if failure.Code == orbit.CodeProcessExited && outOfMemory(log) {
		failure.Message = fmt.Sprintf("the process ran out of memory while %s; raise memory_limit_mib", doing)
	}
	return failure
}

// outOfMemory says whether Node's last words are that its heap was full.
func outOfMemory(log []string) bool {
	for _, line := range log {
		if strings.Contains(line, "JavaScript heap out of memory") {
			return true
		}
	}
	return false
}

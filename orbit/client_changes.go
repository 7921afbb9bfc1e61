package orbit

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const (
	// pollWait is how long orbitd holds one question for a change's fate.
	pollWait = 30 * time.Second
	// followWait is that for somebody who watches what orbitd does meanwhile.
	followWait = time.Second
	// outOfReach is how long a wait bears an orbitd that does not answer: it may be restarting, and carries on with
	// the change when it is back.
	outOfReach = time.Minute
)

// GetChange reads a change. With a wait it answers when the change's fate is known or the wait is over.
func (c *Client) GetChange(ctx context.Context, id string, wait time.Duration) (*Change, error) {
	query := url.Values{}
	if wait > 0 {
		query.Set("wait", wait.String())
	}
	var change Change
	err := c.do(ctx, call{
		method: http.MethodGet, path: "/v1/changes/" + segment(id), query: query, repeatable: true, wait: wait,
	}, &change)
	if err != nil {
		return nil, err
	}
	return &change, nil
}

// ListChanges returns one page of a workspace's changes, newest first.
func (c *Client) ListChanges(ctx context.Context, workspace string, options PageOptions) (*Page[Change], error) {
	var page Page[Change]
	err := c.do(ctx, call{
		method: http.MethodGet, path: instancePath(workspace) + "/changes", query: options.query(), repeatable: true,
	}, &page)
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// WaitChange waits until a change's fate is known and returns it: applied, or failed with its Problem. It asks orbitd
// to hold the question, so it learns the fate at once and neither sleeps nor counts. An orbitd that goes away while
// the change is under way is asked again for up to a minute. Progress, which may be nil, is called with every answer.
//
// The error is the context's, a *ConnectionError, or a *Problem about the question itself; it never means that the
// change failed.
func (c *Client) WaitChange(ctx context.Context, id string, progress func(Change)) (*Change, error) {
	return c.waitChange(ctx, id, pollWait, progress)
}

// FollowChange is WaitChange for somebody who watches: progress is called at least every second.
func (c *Client) FollowChange(ctx context.Context, id string, progress func(Change)) (*Change, error) {
	return c.waitChange(ctx, id, followWait, progress)
}

func (c *Client) waitChange(ctx context.Context, id string, wait time.Duration, progress func(Change)) (*Change, error) {
	var lost time.Time
	for {
		change, err := c.GetChange(ctx, id, wait)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, fmt.Errorf("wait for change %s: %w", id, ctx.Err())
		case err != nil && IsTransient(err) && (lost.IsZero() || time.Since(lost) < outOfReach):
			if lost.IsZero() {
				lost = time.Now()
			}
			if !pause(ctx, retryWaitMax) {
				return nil, fmt.Errorf("wait for change %s: %w", id, ctx.Err())
			}
			continue
		case err != nil:
			return nil, fmt.Errorf("wait for change %s: %w", id, err)
		}
		lost = time.Time{}
		if progress != nil {
			progress(*change)
		}
		if change.Done() {
			return change, nil
		}
	}
}

// pause gives an orbitd that is away a moment to come back; it says whether the context still holds.
func pause(ctx context.Context, moment time.Duration) bool {
	timer := time.NewTimer(moment)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

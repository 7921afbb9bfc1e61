package apitoken

import (
	"context"
	"maps"
	"time"
)

const (
	// noteEvery is how often the times of use are written. The API promises them to within a few minutes.
	noteEvery = 2 * time.Minute
	// noteTimeout bounds one writing.
	noteTimeout = 5 * time.Second
)

// use remembers that a token was used.
func (t *Tokens) use(id string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used[id] = now
}

// Run writes now and then when tokens were last used, until ctx is done, and then once more. Failures are told to failed.
func (t *Tokens) Run(ctx context.Context, failed func(error)) {
	ticker := time.NewTicker(noteEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
		if err := t.note(context.WithoutCancel(ctx)); err != nil {
			failed(err)
		}
	}
}

// note writes the times of use that are not written yet. Those that cannot be are kept for the next time.
func (t *Tokens) note(ctx context.Context) error {
	t.mu.Lock()
	used := t.used
	t.used = map[string]time.Time{}
	t.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	err := t.store.SetTokensUsed(ctx, used)
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		maps.Copy(used, t.used) // what was used since is later
		t.used = used
	}
	return err
}

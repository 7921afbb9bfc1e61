package rollout

import (
	"context"
	"time"
)

const (
	// gatherQuiet is how long nothing must have arrived before a restart begins.
	gatherQuiet = 300 * time.Millisecond
	// gatherLongest bounds the wait where changes keep arriving.
	gatherLongest = 2 * time.Second
)

// gather waits until nothing arrived for gatherQuiet, at most gatherLongest, so that changes that come together are
// one rollout. It returns early when ctx is done.
func gather(ctx context.Context, arrivals <-chan struct{}) {
	longest := time.NewTimer(gatherLongest)
	defer longest.Stop()
	quiet := time.NewTimer(gatherQuiet)
	defer quiet.Stop()
	for {
		select {
		case <-arrivals:
			quiet.Reset(gatherQuiet)
		case <-quiet.C:
			return
		case <-longest.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// firstPause is how long the first look waits for the next; each pause is longer, up to longestPause.
	firstPause   = 200 * time.Millisecond
	longestPause = 2 * time.Second
	// complainAfter is how long nothing may come of a location until the catalog is asked why.
	complainAfter = 3 * time.Second
)

// await waits until the catalog has read the location: until its entities are there and no more come at the next look,
// or it says why there are none. The location is registered whatever happens here, so this never fails.
func (c *Catalogs) await(ctx context.Context, workspace string, l registered, seconds int) orbit.CatalogLocation {
	told := orbit.CatalogLocation{ID: l.ID, Target: l.Target, Entities: []string{}}
	if seconds == 0 {
		return told
	}
	waiting, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	defer cancel()
	defer context.AfterFunc(c.Ending, cancel)() //nolint:contextcheck // joins the two
	explainAt := time.Now().Add(complainAfter)
	for pause := firstPause; sleep(waiting, pause); pause = min(pause*3/2, longestPause) {
		before := told.Entities
		now, err := c.look(waiting, workspace, l)
		if err != nil {
			continue // it is being restarted, for example
		}
		told = now
		switch {
		case len(told.Problems) > 0, len(told.Entities) > 0 && slices.Equal(before, told.Entities):
			return told
		case len(told.Entities) == 0 && time.Now().After(explainAt):
			if told = c.explained(waiting, workspace, told); len(told.Problems) > 0 {
				return told
			}
			explainAt = time.Now().Add(complainAfter)
		}
	}
	return told
}

// look tells about one location.
func (c *Catalogs) look(ctx context.Context, workspace string, l registered) (orbit.CatalogLocation, error) {
	all, err := c.produced(ctx, workspace, []registered{l})
	if err != nil {
		return orbit.CatalogLocation{}, err
	}
	return all[0], nil
}

// explained adds why nothing came of a location, where the catalog says.
func (c *Catalogs) explained(ctx context.Context, workspace string, told orbit.CatalogLocation) orbit.CatalogLocation {
	why, err := c.complaint(ctx, workspace, told.Target)
	if err == nil && why != "" {
		told.Problems = append(told.Problems, why)
	}
	return told
}

// sleep returns true when the time is over, false when ctx is done before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

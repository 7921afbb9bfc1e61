package rollout

import "time"

const (
	// crashWindow and crashLimit say when an instance is crash looping: it ended by itself so often in that time.
	crashWindow = 10 * time.Minute
	crashLimit  = 5
	// The wait before an instance that ended by itself is started again doubles from the first to the longest.
	backoffFirst   = time.Second
	backoffLongest = time.Minute
)

// crashes remembers when an instance ended by itself.
type crashes []time.Time

// add notes an end, and forgets those that no longer count.
func (c crashes) add(at time.Time) crashes {
	recent := c.since(at)
	return append(recent, at)
}

// since returns the ends that count at the given time.
func (c crashes) since(at time.Time) crashes {
	var recent crashes
	for _, end := range c {
		if at.Sub(end) < crashWindow {
			recent = append(recent, end)
		}
	}
	return recent
}

// looping says whether the instance ended too often.
func (c crashes) looping() bool { return len(c) >= crashLimit }

// startAt is when the instance is started again: at once after the first end, then with a growing wait.
func (c crashes) startAt() time.Time {
	if len(c) == 0 {
		return time.Time{}
	}
	last := c[len(c)-1]
	if len(c) == 1 {
		return last
	}
	wait := backoffFirst
	for range len(c) - 2 {
		wait = min(2*wait, backoffLongest)
	}
	return last.Add(wait)
}

package gateway

import "sync"

// units follows the units, frames or events, that bytes on their way to a client make up. It does no I/O.
type units interface {
	// follow takes all bytes of p.
	follow(p []byte)
	// next takes the bytes of p up to the first end of a unit, all when none ends in them, and returns how many: at
	// least one of those that there are.
	next(p []byte) int
	// ended says whether no unit is under way.
	ended() bool
}

// outlet passes on to a client what has no end of its own, until it is told to end: then up to the end of a unit.
type outlet struct {
	last func() // called once, at the end, with no unit and no write under way

	mu    sync.Mutex
	units units
	busy  bool // a write is under way
	told  bool
	over  bool
}

// write passes p on with the given function, which write calls do not overlap. It returns how much of p was passed on,
// and whether that was the end: the rest is not for the client.
func (o *outlet) write(p []byte, pass func([]byte) (int, error)) (n int, over bool, err error) {
	o.mu.Lock()
	if o.over {
		o.mu.Unlock()
		return 0, true, nil
	}
	if o.told {
		p = p[:o.units.next(p)]
	} else {
		o.units.follow(p)
	}
	o.busy = true
	o.mu.Unlock()
	n, err = pass(p)
	return n, o.rest(), err
}

// rest says that no write is under way, and returns whether the end has come.
func (o *outlet) rest() bool {
	return o.step(func() { o.busy = false })
}

// warn has the unit that is under way be the last one. It does not wait for the client.
func (o *outlet) warn() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = true
}

// tell makes the outlet end.
func (o *outlet) tell() {
	o.step(func() { o.told = true })
}

// step ends the outlet when, after the change, it can, and returns whether it is at its end.
func (o *outlet) step(change func()) bool {
	o.mu.Lock()
	change()
	last := o.told && !o.busy && !o.over && o.units.ended()
	o.over = o.over || last
	over := o.over
	o.mu.Unlock()
	if last {
		o.last()
	}
	return over
}

// ended says whether the end has come.
func (o *outlet) ended() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.over
}

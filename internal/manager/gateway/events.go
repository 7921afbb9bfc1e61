package gateway

// events follows an event stream as its bytes pass. An event ends with a blank line, and a line with CRLF, LF or CR;
// see section 9.2.5 of the HTML standard.
type events struct {
	tail [3]byte // what has passed last: an end of a line, and the byte before it
}

// newEvents is before the first event.
func newEvents() *events { return &events{tail: [3]byte{'\n', '\n', '\n'}} }

// next takes the bytes of p up to the first end of an event, all when none ends in them, and returns how many.
func (e *events) next(p []byte) int {
	for i, b := range p {
		e.tail[0], e.tail[1], e.tail[2] = e.tail[1], e.tail[2], b
		if e.ended() {
			return i + 1
		}
	}
	return len(p)
}

// ended says whether no event is under way.
func (e *events) ended() bool {
	before := e.tail[1]
	if before == '\r' && e.tail[2] == '\n' {
		before = e.tail[0] // both are one end of a line
	}
	return endsLine(e.tail[2]) && endsLine(before)
}

func endsLine(b byte) bool { return b == '\n' || b == '\r' }

// pieces stands for events in an encoded stream, where they cannot be seen: a server flushes whole ones.
type pieces struct{}

func (pieces) next(p []byte) int { return len(p) }
func (pieces) ended() bool       { return true }

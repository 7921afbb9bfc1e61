package gateway

import (
	"bytes"
	"testing"
)

func TestAnOutletEndsBetweenTwoUnits(t *testing.T) {
	t.Parallel()
	const event, other = "data: a\n\n", "data: b\n\n"
	for name, c := range map[string]struct {
		writes []string
		tellAt int  // the write before which it is told
		during bool // it is told while that write is under way instead
		want   string
		over   bool
	}{
		"before anything":              {writes: []string{event}, want: "", over: true},
		"between two events":           {writes: []string{event, other}, tellAt: 1, want: event, over: true},
		"within an event":              {writes: []string{"data: ", "a\n\n", other}, tellAt: 1, want: event, over: true},
		"within, the rest with more":   {writes: []string{"data: ", "a\n\n" + other}, tellAt: 1, want: event, over: true},
		"during a write of an event":   {writes: []string{event, other}, during: true, want: event, over: true},
		"during a write of a part":     {writes: []string{"data: ", "a\n\ndata"}, during: true, want: event, over: true},
		"within one that never ends":   {writes: []string{"data: ", "a", "b"}, tellAt: 1, want: "data: ab"},
		"never":                        {writes: []string{event, other}, tellAt: -1, want: event + other},
		"after a part of the blank \r": {writes: []string{"data: a\r\n\r", "\n"}, tellAt: 1, want: "data: a\r\n\r", over: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var passed bytes.Buffer
			ends := 0
			o := &outlet{units: newEvents(), last: func() { ends++ }}
			for i, text := range c.writes {
				if i == c.tellAt && !c.during {
					o.tell()
				}
				_, over, err := o.write([]byte(text), func(p []byte) (int, error) {
					if i == c.tellAt && c.during {
						o.tell()
					}
					return passed.Write(p)
				})
				if err != nil || over != o.ended() {
					t.Errorf("write %d: %v, over %v, want %v", i, err, over, o.ended())
				}
			}
			o.tell()
			if c.tellAt < 0 {
				c.over = true // told after all
			}
			if passed.String() != c.want || o.ended() != c.over || (ends == 1) != c.over {
				t.Errorf("passed %q, over %v, ended %d times, want %q, %v", passed.String(), o.ended(), ends, c.want, c.over)
			}
		})
	}
}

package gateway

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ends returns where in p units end, as the follower tells when p comes in parts of the given size.
func ends(u units, p []byte, size int) []int {
	var found []int
	at := 0
	for part := range slices.Chunk(p, size) {
		for len(part) > 0 {
			n := u.next(part)
			at += n
			if part = part[n:]; u.ended() {
				found = append(found, at)
			}
		}
	}
	return found
}

// frame is a server's frame; mask makes it a client's.
func frame(opcode byte, mask bool, payload []byte) []byte {
	f := []byte{finalBit | opcode, 0}
	switch length := len(payload); {
	case length < length16:
		f[1] = byte(length)
	case length <= 0xffff:
		f[1] = length16
		f = binary.BigEndian.AppendUint16(f, uint16(length))
	default:
		f[1] = length64
		f = binary.BigEndian.AppendUint64(f, uint64(length))
	}
	if mask {
		f[1] |= maskBit
		f = append(f, 1, 2, 3, 4)
	}
	return append(f, payload...)
}

func TestFramesEndWhereTheirLengthSays(t *testing.T) {
	t.Parallel()
	for name, all := range map[string][][]byte{
		"small":                {frame(1, false, []byte("hello")), frame(1, false, []byte("x"))},
		"empty":                {frame(9, false, nil), frame(1, false, nil), frame(2, false, nil)},
		"the largest small":    {frame(2, false, make([]byte, 125)), frame(1, false, nil)},
		"16 bits of length":    {frame(2, false, make([]byte, 126)), frame(2, false, make([]byte, 65535)), frame(1, false, nil)},
		"64 bits of length":    {frame(2, false, make([]byte, 65536)), frame(1, false, nil)},
		"masked":               {frame(1, true, []byte("hello")), frame(2, true, make([]byte, 70_000)), frame(1, true, nil)},
		"payload like headers": {frame(2, false, bytes.Repeat([]byte{0x88, 0x02}, 50)), frame(1, false, []byte("x"))},
	} {
		var want []int
		for _, f := range all {
			want = append(want, len(f))
			if n := len(want); n > 1 {
				want[n-1] += want[n-2]
			}
		}
		for _, size := range []int{1, 2, 3, 7, 1000, 1 << 20} {
			if diff := cmp.Diff(want, ends(&frames{}, bytes.Join(all, nil), size)); diff != "" {
				t.Errorf("%s, in parts of %d bytes, ends are not as expected (-want +got):\n%s", name, size, diff)
			}
		}
	}
}

func TestACloseFrameIsSeen(t *testing.T) {
	t.Parallel()
	var f frames
	ends(&f, frame(2, false, closeFrame(1000, "")), 3)
	if f.closing {
		t.Error("the payload of a frame is taken for a Close frame")
	}
	if ends(&f, closeFrame(closeServiceRestart, "why"), 1); !f.closing || !f.ended() {
		t.Error("a Close frame is not seen")
	}
	if got, want := closeFrame(closeServiceRestart, "why"), frame(opcodeClose, false, []byte("\x03\xf4why")); !bytes.Equal(got, want) {
		t.Errorf("the Close frame is %x, want %x", got, want)
	}
}

func TestEventsEndWithABlankLine(t *testing.T) {
	t.Parallel()
	for stream, want := range map[string][]int{
		"data: a\n\ndata: b\n\n":         {9, 18},
		"data: a\r\n\r\nid: 1\r\n":       {10, 11}, // after the CR, and after the LF that belongs to it
		"data: a\r\rdata: b\r\r":         {9, 18},
		"data: a\n\rx":                   {9},
		"data: a\r\n\nx":                 {10},
		"event: a\ndata: b\nid: c\n\nda": {24},
		"data: a\n":                      nil,
		"data: a\r\nx":                   nil,
		"x":                              nil,
		"":                               nil,
	} {
		for _, size := range []int{1, 2, 3, 100} {
			if diff := cmp.Diff(want, ends(newEvents(), []byte(stream), size)); diff != "" {
				t.Errorf("%q, in parts of %d bytes, ends are not as expected (-want +got):\n%s", stream, size, diff)
			}
		}
	}
	if !newEvents().ended() {
		t.Error("a stream cannot end before its first event")
	}
}

// FuzzParts checks that units end at the same places however their bytes come, and that following them always gets on.
func FuzzParts(f *testing.F) {
	f.Add(frame(1, false, []byte("hello")), 2)
	f.Add(frame(2, true, make([]byte, 300)), 7)
	f.Add([]byte("data: a\r\n\r\ndata: b\n\n"), 3)
	f.Add([]byte{0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3}, 4)
	f.Fuzz(func(t *testing.T, p []byte, size int) {
		size = max(1, size)
		for _, fresh := range []func() units{
			func() units { return &frames{} }, func() units { return newEvents() }, func() units { return pieces{} },
		} {
			u := fresh()
			for rest := p; len(rest) > 0; {
				n := u.next(rest)
				if n < 1 || n > len(rest) {
					t.Fatalf("%T takes %d of %d bytes", u, n, len(rest))
				}
				rest = rest[n:]
			}
			if _, everywhere := u.(pieces); everywhere {
				continue
			}
			if diff := cmp.Diff(ends(fresh(), p, len(p)+1), ends(fresh(), p, size)); diff != "" {
				t.Errorf("%T, whole and in parts of %d bytes (-whole +parts):\n%s", u, size, diff)
			}
		}
	})
}

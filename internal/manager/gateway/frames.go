package gateway

import "encoding/binary"

// Of RFC 6455 section 5.2.
const (
	frameHeaderSize    = 2  // without a long length and a mask
	maxFrameHeaderSize = 14 // with both
	length16           = 126
	length64           = 127
	opcodeBits         = 0x0f
	lengthBits         = 0x7f
	maskBit            = 0x80
	maskSize           = 4
	opcodeClose        = 0x08
	finalBit           = 0x80
)

// closeServiceRestart is the status 1012 of the IANA registry of WebSocket close codes: the server restarts, and the
// client may connect again.
const closeServiceRestart = 1012

// closeFrame is a server's Close frame with the status. The reason, for people, has at most 123 bytes.
func closeFrame(status uint16, reason string) []byte {
	frame := []byte{finalBit | opcodeClose, byte(2 + len(reason))}
	return append(binary.BigEndian.AppendUint16(frame, status), reason...)
}

// frames follows the frames of one direction of a WebSocket as their bytes pass. The zero value is before the first.
type frames struct {
	header  [maxFrameHeaderSize]byte
	have    int    // how much of the header has passed
	payload uint64 // how much of the payload is still to come, once the header has passed
	closing bool   // a Close frame has begun, after which nothing may follow
}

// next takes the bytes of p up to the first end of a frame, all when none ends in them, and returns how many.
func (f *frames) next(p []byte) int {
	n := 0
	for ; f.have < f.headerSize(); n++ {
		if n == len(p) {
			return n
		}
		f.header[f.have] = p[n]
		f.have++
		if f.have == f.headerSize() {
			f.payload = f.length()
			f.closing = f.closing || f.header[0]&opcodeBits == opcodeClose
		}
	}
	took := min(uint64(len(p)-n), f.payload)
	f.payload -= took
	if f.payload == 0 {
		f.have = 0
	}
	return n + int(took)
}

// ended says whether no frame is under way.
func (f *frames) ended() bool { return f.have == 0 }

// headerSize is the size of the header, as far as it can be told from what has passed of it.
func (f *frames) headerSize() int {
	size := frameHeaderSize
	if f.have < size {
		return size
	}
	switch f.header[1] & lengthBits {
	case length16:
		size += 2
	case length64:
		size += 8
	}
	if f.header[1]&maskBit != 0 {
		size += maskSize
	}
	return size
}

// length is the size of the payload that the whole header tells.
func (f *frames) length() uint64 {
	switch length := f.header[1] & lengthBits; length {
	case length16:
		return uint64(binary.BigEndian.Uint16(f.header[frameHeaderSize:]))
	case length64:
		return binary.BigEndian.Uint64(f.header[frameHeaderSize:])
	default:
		return uint64(length)
	}
}

package gateway

import "sync"

const bufferSize = 32 << 10

// bufferPool keeps the buffers through which answers are copied. It holds arrays, so that putting one back allocates
// nothing.
type bufferPool struct{ pool sync.Pool }

// Get returns a buffer of bufferSize bytes.
func (b *bufferPool) Get() []byte {
	if buffer, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return buffer[:]
	}
	return new([bufferSize]byte)[:]
}

// Put takes a buffer of Get's back.
func (b *bufferPool) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }

package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// requestBody is a request's body on its way to a target. It remembers what the transport did with it: a body that
// nobody read can be sent again, and a body that could not be read is the client's fault and not the target's.
type requestBody struct {
	io.ReadCloser
	touched atomic.Bool
	broken  atomic.Bool
	ended   atomic.Bool
}

// errTouched keeps the transport from sending half a body again.
var errTouched = errors.New("the request's body has been read already")

func (b *requestBody) Read(p []byte) (int, error) {
	b.touched.Store(true)
	if b.ended.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.broken.Store(true)
	}
	return n, err
}

// again is the body for a second attempt.
func (b *requestBody) again() (io.ReadCloser, error) {
	if b.touched.Load() {
		return nil, errTouched
	}
	return io.NopCloser(b), nil
}

// end stops reads by a transport that has not noticed yet that the request is over.
func (b *requestBody) end() { b.ended.Store(true) }

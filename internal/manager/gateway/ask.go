package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// ask sends a request that only asks and returns the answer, all on the calling goroutine. A kept connection that is
// closed before the answer begins was most likely closed before the request came, so the request goes over a new one.
func (t *transport) ask(r *http.Request) (*http.Response, error) {
	if kept := t.kept.take(); kept != nil {
		response, err := t.askOver(kept, r)
		if err == nil || kept.answering || r.Context().Err() != nil {
			return response, err
		}
	}
	conn, err := t.dial(r.Context())
	if err != nil {
		return nil, err
	}
	return t.askOver(newLink(conn), r)
}

// askOver asks over the link, which is closed when that fails, and kept when the answer has been read to its end.
func (t *transport) askOver(l *link, r *http.Request) (*http.Response, error) {
	answer := &answerBody{link: l, pool: &t.kept, detach: context.AfterFunc(r.Context(), l.close)}
	response, err := l.exchange(r)
	if err != nil {
		answer.end(false)
		return nil, err
	}
	answer.reusable = !response.Close
	if response.Body == http.NoBody {
		answer.end(true)
		return response, nil
	}
	answer.body = response.Body
	response.Body = answer
	return response, nil
}

// answerBody is an answer's body on its way from a link. It is read by one goroutine.
type answerBody struct {
	body     io.Reader
	link     *link // nil once it was given back
	failure  error // what ended the reading
	pool     *pool
	detach   func() bool // keeps the request's end from closing the link
	reusable bool        // the target does not close the connection after this answer
}

func (b *answerBody) Read(p []byte) (int, error) {
	if b.failure != nil {
		return 0, b.failure
	}
	n, err := b.body.Read(p)
	if err != nil {
		b.failure = err
		b.end(errors.Is(err, io.EOF))
	}
	return n, err
}

// Close gives up what was not read. It does not wait for it, as closing the body itself would.
func (b *answerBody) Close() error {
	if b.failure == nil {
		b.failure = http.ErrBodyReadAfterClose
	}
	b.end(false)
	return nil
}

// end gives the link back: to the pool when the whole answer was read and another may follow.
func (b *answerBody) end(whole bool) {
	if b.link == nil {
		return
	}
	if b.detach() && whole && b.reusable {
		b.pool.put(b.link)
	} else {
		b.link.close()
	}
	b.link = nil
}

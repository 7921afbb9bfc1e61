package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"syscall"
	"time"
)

// maxAnswerHeaderBytes bounds an answer's header, with those of the 1xx answers before it.
const maxAnswerHeaderBytes = 1 << 20

var errAnswerHeader = fmt.Errorf("the answer's header is larger than %d bytes", maxAnswerHeaderBytes)

// link is a connection to a target that carries one request after the other.
type link struct {
	conn      net.Conn
	raw       syscall.RawConn // nil where the connection has no file descriptor
	reader    *bufio.Reader   // of the link itself
	writer    *bufio.Writer
	allowance int64     // how many bytes may still be read
	answering bool      // a byte of the answer was read
	idleSince time.Time // of the pool
}

func newLink(conn net.Conn) *link {
	l := &link{conn: conn, writer: bufio.NewWriter(conn)}
	l.reader = bufio.NewReader(l)
	if file, ok := conn.(syscall.Conn); ok {
		l.raw, _ = file.SyscallConn() // without it a connection that was closed is noticed a little later
	}
	return l
}

// Read reads from the connection, no more than is allowed.
func (l *link) Read(p []byte) (int, error) {
	if l.allowance <= 0 {
		return 0, errAnswerHeader
	}
	n, err := l.conn.Read(p[:min(int64(len(p)), l.allowance)])
	l.allowance -= int64(n)
	l.answering = l.answering || n > 0
	return n, err
}

// exchange sends a request without a body and returns the answer, whose body is to be read from the link.
func (l *link) exchange(r *http.Request) (*http.Response, error) {
	l.allowance, l.answering = maxAnswerHeaderBytes, false
	if err := r.Write(l.writer); err != nil {
		return nil, err
	}
	if err := l.writer.Flush(); err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(r.Context())
	for {
		response, err := http.ReadResponse(l.reader, r)
		switch {
		case err != nil:
			return nil, err
		case response.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("the instance switches protocols unasked")
		case response.StatusCode >= http.StatusOK:
			l.allowance = math.MaxInt64
			return response, nil
		case trace != nil && trace.Got1xxResponse != nil:
			if err := trace.Got1xxResponse(response.StatusCode, textproto.MIMEHeader(response.Header)); err != nil {
				return nil, err
			}
		}
	}
}

// quiet says whether nothing came since the last answer: neither the connection's end, nor bytes that would be taken
// for the answer to the next request.
func (l *link) quiet() bool {
	if l.reader.Buffered() > 0 {
		return false
	}
	if l.raw == nil {
		return true
	}
	var failure error
	err := l.raw.Read(func(fd uintptr) bool {
		var one [1]byte
		_, failure = syscall.Read(int(fd), one[:]) // the descriptor does not block
		return true
	})
	return err == nil && errors.Is(failure, syscall.EAGAIN)
}

func (l *link) close() { _ = l.conn.Close() } // nothing of it is wanted any more

package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// errLost is the fate of a request whose connection ended before its answer: whether the host took it is unknown.
var errLost = errors.New("the control connection was lost")

// maxAnswer bounds one line from the host in bytes, so that a host gone wild cannot fill orbitd's memory.
const maxAnswer = 1 << 20

// link is one control connection: it sends requests and brings each answer to the request with its id.
type link struct {
	conn net.Conn
	// lost is closed when nothing more will be read.
	lost chan struct{}

	writing sync.Mutex

	mu      sync.Mutex
	next    int64
	pending map[int64]chan answer
}

func newLink(conn net.Conn) *link {
	return &link{conn: conn, lost: make(chan struct{}), pending: map[int64]chan answer{}}
}

// read hands out answers until the connection ends. It is called once and closes the connection.
func (l *link) read() {
	defer close(l.lost)
	defer l.conn.Close()
	lines := bufio.NewScanner(l.conn)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		var a answer
		if json.Unmarshal(lines.Bytes(), &a) != nil {
			return
		}
		l.mu.Lock()
		waiting := l.pending[a.ID]
		delete(l.pending, a.ID)
		l.mu.Unlock()
		if waiting != nil {
			waiting <- a
		}
	}
}

// ended says whether the connection is lost.
func (l *link) ended() bool {
	select {
	case <-l.lost:
		return true
	default:
		return false
	}
}

// call sends the request and waits for its answer. An answer that is not ok is a *hostError; errLost means that the
// connection ended first.
func (l *link) call(ctx context.Context, r request) (answer, error) {
	answered := make(chan answer, 1)
	l.mu.Lock()
	l.next++
	r.ID = l.next
	l.pending[r.ID] = answered
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.pending, r.ID)
		l.mu.Unlock()
	}()
	if err := l.write(ctx, r); err != nil {
		return answer{}, err
	}
	select {
	case a := <-answered:
		return a.result()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-l.lost:
	}
	// The answer can have been the last line before the end.
	select {
	case a := <-answered:
		return a.result()
	default:
		return answer{}, errLost
	}
}

// write sends one line. A line that could only be sent in part ends the connection, because nothing after it would be
// understood.
func (l *link) write(ctx context.Context, r request) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write the request %s: %w", r.Op, err)
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	interrupt := context.AfterFunc(ctx, func() { _ = l.conn.SetWriteDeadline(time.Now()) })
	_, err = l.conn.Write(append(line, '\n'))
	if !interrupt() {
		_ = l.conn.Close()
		if err != nil {
			return ctx.Err()
		}
	}
	if err != nil {
		_ = l.conn.Close()
		return errLost
	}
	return nil
}

// result is the answer, or the error it carries.
func (a answer) result() (answer, error) {
	switch {
	case a.OK:
		return a, nil
	case a.Error != nil:
		return a, a.Error
	default:
		return a, &hostError{Code: "bad_answer", Message: "the host refused without saying why"}
	}
}

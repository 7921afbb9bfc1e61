package manager

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// What an orbitd and its successor tell each other, a line each:
//
//	predecessor                    successor
//	serves                         installs what is missing
//	                 ◀─ prepared ─
//	lets go of all but the gateway
//	                 ─ go ────────▶
//	                                opens the store, adopts what runs, serves
//	                 ◀─ ready ────
//	finishes requests, ends
//
// Instead of prepared or ready the successor may say failed, with the reason, and end; the predecessor then serves on.
const (
	wordPrepared = "prepared"
	wordGo       = "go"
	wordReady    = "ready"
	wordFailed   = "failed "
)

// link is one end of the line between an orbitd and its successor.
type link struct {
	file   *os.File
	reader *bufio.Reader
}

func newLink(file *os.File) *link { return &link{file: file, reader: bufio.NewReader(file)} }

// newLinks returns both ends; the second one is for the successor.
func newLinks() (*link, *os.File, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a line to the successor: %w", err)
	}
	return newLink(os.NewFile(uintptr(ends[0]), "successor")), os.NewFile(uintptr(ends[1]), predecessorLink), nil
}

// send says a word.
func (l *link) send(word string) error {
	if _, err := l.file.WriteString(strings.ReplaceAll(word, "\n", "; ") + "\n"); err != nil {
		return fmt.Errorf("say %s: %w", word, err)
	}
	return nil
}

// await returns when the other end has said the word. It is an error when it says anything else, or nothing in time.
func (l *link) await(ctx context.Context, word string, timeout time.Duration) error {
	if err := l.file.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return fmt.Errorf("wait for %s: %w", word, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := l.reader.ReadString('\n')
	line = strings.TrimSuffix(line, "\n")
	reason, failed := strings.CutPrefix(line, wordFailed)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("it is not %s after %s", word, timeout)
	case errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET):
		return fmt.Errorf("it ended before it was %s", word)
	case err != nil:
		return fmt.Errorf("wait for %s: %w", word, err)
	case failed:
		return errors.New(reason)
	case line != word:
		return fmt.Errorf("it said %q instead of %s", line, word)
	}
	return nil
}

func (l *link) close() { _ = l.file.Close() }

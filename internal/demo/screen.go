package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// heartbeat is how often a step that says nothing shows that it still runs.
const heartbeat = 5 * time.Second

// screen shows steps as they go, each line with the time since the start.
type screen struct {
	out   io.Writer
	start time.Time
	mu    sync.Mutex
}

func newScreen(out io.Writer) *screen { return &screen{out: out, start: time.Now()} }

// elapsed is the time since the start in seconds.
func (s *screen) elapsed() float64 { return time.Since(s.start).Seconds() }

// say prints a line with the time.
func (s *screen) say(format string, arguments ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.out, "%6.1fs  %s\n", s.elapsed(), fmt.Sprintf(format, arguments...))
}

// print prints lines as they are.
func (s *screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.out, text)
}

// step runs f and shows that it does, for as long as it takes.
func (s *screen) step(what string, f func() error) error {
	s.say("%s", what)
	done := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() {
		ticker := time.NewTicker(heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.say("  … %s", strings.ToLower(what[:1])+what[1:])
			case <-done:
				return
			}
		}
	})
	err := f()
	close(done)
	ticking.Wait()
	return err
}

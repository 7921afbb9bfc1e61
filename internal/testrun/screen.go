package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// silence is the longest time the run prints nothing.
const silence = 15 * time.Second

// A screen prints the run's progress: a line for whatever ends, and where nothing ends for a while a line that names
// what still runs. It may be used by several goroutines.
type screen struct {
	mu      sync.Mutex
	out     io.Writer
	start   time.Time
	last    time.Time
	ongoing map[string]time.Time // what runs, since when
}

func newScreen(out io.Writer) *screen {
	now := time.Now()
	return &screen{out: out, start: now, last: now, ongoing: map[string]time.Time{}}
}

// printf prints one line behind the time since the start.
func (s *screen) printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.print(fmt.Sprintf(format, args...))
}

func (s *screen) print(text string) {
	s.last = time.Now()
	fmt.Fprintf(s.out, "[%4.0fs] %s\n", s.last.Sub(s.start).Seconds(), text)
}

func (s *screen) begin(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ongoing[what] = time.Now()
}

// end forgets what and everything begun under it ("what …").
func (s *screen) end(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.ongoing {
		if name == what || strings.HasPrefix(name, what+" ") {
			delete(s.ongoing, name)
		}
	}
}

// beat prints what still runs whenever the screen was silent for too long, until ctx ends.
func (s *screen) beat(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.beatOnce()
		}
	}
}

func (s *screen) beatOnce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ongoing) > 0 && time.Since(s.last) >= silence {
		s.print("      still running: " + s.describe())
	}
}

// describe names what runs, longest first, leaving out what is only the frame of something more particular.
func (s *screen) describe() string {
	const most = 4
	var names []string
	for name := range s.ongoing {
		isFrame := func(other string) bool { return strings.HasPrefix(other, name+" ") }
		frame := false
		for other := range s.ongoing {
			frame = frame || isFrame(other)
		}
		if !frame {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := s.ongoing[a].Compare(s.ongoing[b]); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%s)", name, time.Since(s.ongoing[name]).Round(time.Second))
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}

package manager

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// doorPatience is how long a request waits at a shut door before it is answered 503. A restart is over by then; an
// installation is not, and whoever asks wants to hear of it.
const doorPatience = 5 * time.Second

// door is what every request to a server passes. While it is shut requests wait; open, they go to a handler. It starts
// shut.
type door struct {
	// answer writes the problem of a request that has waited for long enough.
	answer func(http.ResponseWriter, *http.Request, *orbit.Problem)

	mu      sync.Mutex
	handler http.Handler  // nil while shut
	opened  chan struct{} // closed when a shut door opens
	inside  int           // requests in a handler
	left    chan struct{} // closed when nobody is inside any more; nil unless somebody waits for that
	what    string        // what orbitd does while it is shut
}

func newDoor(answer func(http.ResponseWriter, *http.Request, *orbit.Problem)) *door {
	return &door{answer: answer, opened: make(chan struct{})}
}

// answerProgram answers those who read problems.
func answerProgram(w http.ResponseWriter, _ *http.Request, problem *orbit.Problem) {
	orbit.WriteProblem(w, problem)
}

// doing says what orbitd does that requests wait for.
func (d *door) doing(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.what = what
}

// open sends the requests that wait, and all others from now on, to the handler.
func (d *door) open(handler http.Handler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.handler == nil {
		close(d.opened)
	}
	d.handler = handler
}

// shut makes requests wait from now on, and returns when those that were inside have their answers or ctx is done.
func (d *door) shut(ctx context.Context) error {
	d.mu.Lock()
	if d.handler != nil {
		d.handler, d.opened = nil, make(chan struct{})
	}
	if d.inside == 0 {
		d.mu.Unlock()
		return nil
	}
	if d.left == nil {
		d.left = make(chan struct{})
	}
	inside, left := d.inside, d.left
	d.mu.Unlock()
	select {
	case <-left:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d requests to end: %w", inside, ctx.Err())
	}
}

// end answers 503 to requests that wait at a shut door, and does nothing to an open one.
func (d *door) end() {
	d.mu.Lock()
	shut := d.handler == nil
	d.mu.Unlock()
	if shut {
		d.open(http.HandlerFunc(d.refuse))
	}
}

// ServeHTTP passes the request to the handler, after waiting while the door is shut.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler := d.enter(r.Context())
	if handler == nil {
		d.refuse(w, r)
		return
	}
	defer d.leave()
	handler.ServeHTTP(w, r)
}

// enter returns the handler, nil when patience or ctx ended first. Whoever gets one has to leave.
func (d *door) enter(ctx context.Context) http.Handler {
	var patience *time.Timer
	for {
		d.mu.Lock()
		handler, opened := d.handler, d.opened
		if handler != nil {
			d.inside++
		}
		d.mu.Unlock()
		if handler != nil {
			return handler
		}
		if patience == nil {
			patience = time.NewTimer(doorPatience)
			defer patience.Stop()
		}
		select {
		case <-opened:
		case <-patience.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (d *door) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
	if d.inside == 0 && d.left != nil {
		close(d.left)
		d.left = nil
	}
}

func (d *door) refuse(w http.ResponseWriter, r *http.Request) {
	detail := "orbitd is starting"
	d.mu.Lock()
	if d.what != "" {
		detail += ": " + d.what
	}
	d.mu.Unlock()
	w.Header().Set("Retry-After", "1")
	d.answer(w, r, &orbit.Problem{
		Status: http.StatusServiceUnavailable, Code: orbit.CodeStarting, Title: "Not ready yet", Detail: detail,
	})
}

package manager

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// pass sends a request through the door and delivers the answer's status.
func pass(ctx context.Context, d *door) <-chan int {
	status := make(chan int, 1)
	go func() {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
		status <- w.Code
	}()
	return status
}

func answering(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

func TestRequestsWaitAtAShutDoorUntilItOpens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(answerProgram)
		status := pass(t.Context(), d)
		time.Sleep(doorPatience - time.Millisecond)
		d.open(answering(http.StatusTeapot))
		if got := <-status; got != http.StatusTeapot {
			t.Errorf("status %d, want the handler's", got)
		}
	})
}

func TestRequestsDoNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if got := <-pass(t.Context(), newDoor(answerProgram)); got != http.StatusServiceUnavailable || time.Since(begin) != doorPatience {
			t.Errorf("status %d after %s, want 503 after %s", got, time.Since(begin), doorPatience)
		}
	})
}

func TestShuttingTheDoorWaitsForThoseInside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(answerProgram)
		d.open(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Second) }))
		inside := pass(t.Context(), d)
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		if err := d.shut(short); err == nil {
			t.Error("shut did not wait for the request inside")
		}
		after := pass(t.Context(), d)
		if err := d.shut(t.Context()); err != nil {
			t.Error(err)
		}
		if got := <-inside; got != http.StatusOK {
			t.Errorf("the request inside gets status %d", got)
		}
		d.open(answering(http.StatusTeapot))
		if got := <-after; got != http.StatusTeapot {
			t.Errorf("a request that came when the door was shut gets status %d, want that of the next handler", got)
		}
	})
}

func TestEndingRefusesThoseWhoWaitAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(answerProgram)
		begin := time.Now()
		status := pass(t.Context(), d)
		synctest.Wait()
		d.end()
		if got := <-status; got != http.StatusServiceUnavailable || time.Since(begin) != 0 {
			t.Errorf("status %d after %s, want 503 at once", got, time.Since(begin))
		}
		d = newDoor(answerProgram)
		d.open(answering(http.StatusOK))
		d.end()
		if got := <-pass(t.Context(), d); got != http.StatusOK {
			t.Errorf("an open door that is ended answers %d, want 200", got)
		}
	})
}

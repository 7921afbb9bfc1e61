package orbit_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestWaitingAsksTheServerToHoldTheQuestion(t *testing.T) {
	t.Parallel()
	var waits []string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		waits = append(waits, r.URL.Query().Get("wait"))
		change := orbit.Change{ID: "c1", State: orbit.ChangePending, Progress: "installing"}
		if len(waits) == 3 {
			change = orbit.Change{ID: "c1", State: orbit.ChangeApplied}
		}
		answer(w, http.StatusOK, change)
	})
	var progress []string
	change, err := client.WaitChange(t.Context(), "c1", func(c orbit.Change) { progress = append(progress, c.Progress) })
	if err != nil {
		t.Fatal(err)
	}
	if change.State != orbit.ChangeApplied {
		t.Errorf("state = %s, want applied", change.State)
	}
	if diff := cmp.Diff([]string{"30s", "30s", "30s"}, waits); diff != "" {
		t.Errorf("wait (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"installing", "installing", ""}, progress); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestAFailedChangeIsAnAnswerNotAnError(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, orbit.Change{ID: "c1", State: orbit.ChangeFailed, Problem: &orbit.Problem{Code: orbit.CodeBootFailed}})
	})
	change, err := client.WaitChange(t.Context(), "c1", nil)
	if err != nil || change.Problem.Code != orbit.CodeBootFailed {
		t.Errorf("change = %+v, error = %v", change, err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := client.WaitChange(ctx, "c1", nil); !errors.Is(err, context.Canceled) || orbit.IsUnreachable(err) {
		t.Errorf("error = %v, want the context's", err)
	}
}

func TestWaitingOutlivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n := asked.Add(1); {
		case n <= 4: // one question with all its retries
			panic(http.ErrAbortHandler)
		case n <= 8:
			w.Header().Set("Retry-After", "0")
			answer(w, http.StatusServiceUnavailable, orbit.Problem{Title: "orbitd is starting", Code: orbit.CodeStarting})
		default:
			answer(w, http.StatusOK, orbit.Change{ID: "c1", State: orbit.ChangeApplied})
		}
	})
	change, err := client.WaitChange(t.Context(), "c1", nil)
	if err != nil || change.State != orbit.ChangeApplied {
		t.Errorf("change = %+v, error = %v", change, err)
	}
}

func TestAChangeThatIsNotKnownEndsTheWait(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, orbit.Problem{Title: "No such change", Code: orbit.CodeNotFound})
	})
	if _, err := client.WaitChange(t.Context(), "c1", nil); !orbit.IsNotFound(err) {
		t.Errorf("error = %v, want not found", err)
	}
}

func TestAWaitThatCannotReachTheServerHonoursItsDeadline(t *testing.T) {
	t.Parallel()
	client := dial(t, orbit.ClientOptions{Endpoint: nobody})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := client.WaitChange(ctx, "c1", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want the deadline's", err)
	}
}

package manager_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Of applies that mean the same version one is made, and the others are told: none overwrites what it has not seen.
func TestOfTwoAppliesAtOnceOneIsToldThatItIsStale(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "contended", title("Before"))
	for round := range 3 {
		before := instance(t, c, "contended")
		changes, errs := make([]*orbit.Change, 2), make([]error, 2)
		var applies sync.WaitGroup
		for n := range changes {
			applies.Go(func() {
				write := small(title(fmt.Sprint("Round ", round, " of ", n)))
				changes[n], errs[n] = c.PutInstance(t.Context(), "contended", orbit.IfMatch(before.ETag), write)
			})
		}
		applies.Wait()
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		if errs[winner] != nil {
			t.Fatalf("neither apply is accepted: %v and %v", errs[0], errs[1])
		}
		if p := refused(t, errs[1-winner], orbit.CodeStale); p.Status != http.StatusPreconditionFailed {
			t.Errorf("the other apply is answered %d, want 412", p.Status)
		}
		applied(t, settle(t, c, changes[winner]), orbit.ImpactRestart)
		if now, want := instance(t, c, "contended").Config, title(fmt.Sprint("Round ", round, " of ", winner)); now != want {
			t.Errorf("declared is %q, want what was accepted: %q", now, want)
		}
	}
	remove(t, c, "contended")
}

// Two that create the same instance at once make one, and the other is told how to take it over.
func TestOfTwoCreationsAtOnceOneIsMade(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	changes, errs := make([]*orbit.Change, 2), make([]error, 2)
	var applies sync.WaitGroup
	for n := range changes {
		applies.Go(func() {
			changes[n], errs[n] = c.PutInstance(t.Context(), "siblings", orbit.IfAbsent(), small(title(fmt.Sprint(n))))
		})
	}
	applies.Wait()
	winner := 0
	if errs[0] != nil {
		winner = 1
	}
	if errs[winner] != nil {
		t.Fatalf("neither creation is accepted: %v and %v", errs[0], errs[1])
	}
	refused(t, errs[1-winner], orbit.CodeAlreadyExists)
	applied(t, settle(t, c, changes[winner]), orbit.ImpactNone)
	if got := starts(s, "siblings"); got != 1 {
		t.Errorf("%d processes were started, want 1", got)
	}
	remove(t, c, "siblings")
}

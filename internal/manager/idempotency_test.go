package manager_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// keyed is the body of a creating write that tests send with an Idempotency-Key of their own.
const keyed = `{"release":"1.55.0","memory_limit_mib":1024,"deletion_protection":false}`

// create sends a creating write with an Idempotency-Key and returns status and change. Any goroutine may call it.
func create(t *testing.T, s *managertest.Server, workspace, key, body string) (status int, change orbit.Change) {
	t.Helper()
	token, err := s.Token()
	if err != nil {
		t.Error(err)
		return
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.Manager.APIURL()+"/v1/instances/"+workspace, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	r.Header = http.Header{
		"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "If-None-Match": {"*"},
		"Idempotency-Key": {key},
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&change); err != nil {
		t.Error(err)
	}
	return answer.StatusCode, change
}

func TestARetriedCreateGetsItsOwnFirstAnswer(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	key := uuid.NewString()
	_, first := create(t, s, "retried", key, keyed)
	status, second := create(t, s, "retried", key, keyed)
	if status != http.StatusAccepted || second.ID != first.ID || first.ID == "" {
		t.Errorf("the retry answers %d with change %q, want 202 with %q", status, second.ID, first.ID)
	}
	if status, _ := create(t, s, "retried", key, strings.Replace(keyed, "1024", "2048", 1)); status != http.StatusUnprocessableEntity {
		t.Errorf("another request with the same key answers %d, want 422", status)
	}
	settle(t, c, &first)
	remove(t, c, "retried")
}

func TestCreatesWithOneKeyAtTheSameTimeAreOneChange(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	key := uuid.NewString()
	var (
		statuses [8]int
		changes  [8]orbit.Change
		group    sync.WaitGroup
	)
	for n := range changes {
		group.Go(func() { statuses[n], changes[n] = create(t, s, "twins", key, keyed) })
	}
	group.Wait()
	for n, change := range changes {
		if statuses[n] != http.StatusAccepted || change.ID == "" || change.ID != changes[0].ID {
			t.Errorf("one of the requests answers %d with change %q, want 202 with %q as the others", statuses[n], change.ID, changes[0].ID)
		}
	}
	settle(t, c, &changes[0])
	remove(t, c, "twins")
}

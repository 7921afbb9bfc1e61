package httpapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// pending is a reader of a change of acme whose fate is not known yet.
type pending struct{ httpapi.Reader }

func (pending) Change(ctx context.Context, id string) (orbit.Change, error) {
	<-ctx.Done()
	return orbit.Change{ID: id, Workspace: "acme", State: orbit.ChangePending}, nil
}

func TestNobodyLearnsOfAnotherWorkspacesChangeByWaiting(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		status int
		waited time.Duration
	}{
		"acme-reader":  {http.StatusOK, time.Minute},
		"all-reader":   {http.StatusOK, time.Minute},
		"other-reader": {http.StatusNotFound, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := httpapi.New(httpapi.Options{Auth: signedIn{}, Reader: pending{}, Logger: slog.New(slog.DiscardHandler)})
			r := httptest.NewRequest(http.MethodGet, "/v1/changes/x?wait=1m", nil)
			r.Header.Set("Authorization", "Bearer "+name)
			answer, begin := httptest.NewRecorder(), time.Now()
			api.ServeHTTP(answer, r)
			if waited := time.Since(begin); answer.Code != want.status || waited != want.waited {
				t.Errorf("%s is answered %d after %s, want %d after %s", name, answer.Code, waited, want.status, want.waited)
			}
		})
	}
}

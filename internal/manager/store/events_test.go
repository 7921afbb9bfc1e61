package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func event(workspace string) orbit.Event {
	return orbit.Event{Workspace: workspace, Type: "Normal", Reason: "Tested", Message: "it is", RolloutID: "r"}
}

// Whoever reads events of all workspaces goes by their ids: one that shows up late below another's would be missed.
func TestWritersOfEventsTakeTurns(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: runs a real PostgreSQL")
	}
	server, err := managertest.StartPostgres(t.Context())
	if errors.Is(err, managertest.ErrNoBundle) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	config, err := pgxpool.ParseConfig(server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(t.Context(), "a", func(tx *store.Tx) error {
		if err := tx.PutEvent(t.Context(), event("a")); err != nil {
			return err
		}
		const moment = 200 * time.Millisecond
		hurried, cancel := context.WithTimeout(t.Context(), moment)
		defer cancel()
		if err := s.PutEvent(hurried, event("b")); err == nil {
			t.Error("an event is there before one with a lower id")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutEvent(t.Context(), event("b")); err != nil {
		t.Fatal(err)
	}
	// The one that was given up may have been written when its turn came.
	all, err := s.AllEvents(t.Context(), 0, 10)
	if err != nil || len(all) < 2 || all[0].Workspace != "a" || slices.ContainsFunc(all[1:], func(e orbit.Event) bool { return e.Workspace != "b" }) {
		t.Errorf("the events are %+v, %v", all, err)
	}
}

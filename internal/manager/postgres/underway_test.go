package postgres_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
)

// What an orbitd was just making when it died PostgreSQL makes to its end, while the next one makes the same.
func TestADatabaseWhoseRoleIsJustBeingMadeIsMade(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	dead, err := pgx.Connect(t.Context(), shared.server.URL(postgres.ManagerDatabase))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dead.Close(t.Context()) }()
	making, err := dead.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := making.Exec(t.Context(), `CREATE ROLE "backstage_underway"`); err != nil {
		t.Fatal(err)
	}
	made := make(chan error, 1)
	go func() { made <- cluster.EnsureDatabase(t.Context(), "underway", "password") }()
	// That a session waits for another's transaction PostgreSQL tells only who asks, and within one transaction always the
	// same: another session asks.
	asking, err := pgx.Connect(t.Context(), shared.server.URL(postgres.ManagerDatabase))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = asking.Close(t.Context()) }()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for waits := false; !waits; {
		select {
		case <-ticker.C:
		case err := <-made:
			t.Fatalf("it did not wait for the role (error %v)", err)
		}
		err := asking.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'CREATE ROLE "backstage_underway"'
			AND $1 = ANY(pg_blocking_pids(pid)))`, dead.PgConn().PID()).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := making.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-made; err != nil {
		t.Error(err)
	}
	if err := cluster.DropDatabase(t.Context(), "underway"); err != nil {
		t.Error(err)
	}
}

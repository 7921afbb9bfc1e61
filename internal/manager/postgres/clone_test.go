package postgres_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
)

const clonePassword = "a-password"

// run runs a statement in the workspace's database as its role.
func run(t *testing.T, cluster *postgres.Cluster, workspace, statement string) {
	t.Helper()
	conn, err := connect(t, cluster.ConnectionFor(workspace), postgres.DatabaseName(workspace), clonePassword)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// tables are the tables in the workspace's database.
func tables(t *testing.T, cluster *postgres.Cluster, workspace string) []string {
	t.Helper()
	conn, err := connect(t, cluster.ConnectionFor(workspace), postgres.DatabaseName(workspace), clonePassword)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	rows, err := conn.Query(t.Context(), "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestClonesOfOneSecondHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	const workspace = "hasty"
	ensure(t, cluster, workspace, clonePassword)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var made []string
	for range 2 {
		clone, err := cluster.Clone(t.Context(), workspace, "", now)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, clone.Name+" "+clone.MadeAt.Format(time.TimeOnly))
	}
	if want := []string{"backstage_hasty@260102030405 03:04:05", "backstage_hasty@260102030406 03:04:06"}; !slices.Equal(made, want) {
		t.Errorf("the clones are %v, want %v", made, want)
	}
}

func TestACloneTakesTheDatabasesPlace(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	const workspace = "cloned"
	ensure(t, cluster, workspace, clonePassword)
	run(t, cluster, workspace, "CREATE SCHEMA IF NOT EXISTS public; CREATE TABLE before (n int)")
	// An open session does not stand in the way.
	if _, err := connect(t, cluster.ConnectionFor(workspace), postgres.DatabaseName(workspace), clonePassword); err != nil {
		t.Fatal(err)
	}
	clone, err := cluster.Clone(t.Context(), workspace, "it is migrated", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connect(t, cluster.ConnectionFor(workspace), clone.Name, clonePassword); err == nil {
		t.Error("a clone can be connected to")
	}
	run(t, cluster, workspace, "CREATE TABLE migrated (n int)")

	for range 2 { // the second time finds its work done
		if err := cluster.Restore(t.Context(), workspace, clone.Name); err != nil {
			t.Fatal(err)
		}
	}
	if got := tables(t, cluster, workspace); !slices.Equal(got, []string{"before"}) {
		t.Errorf("the restored database has the tables %v, want the one from before", got)
	}
	if clones, err := cluster.Clones(t.Context(), workspace); err != nil || len(clones) != 0 {
		t.Errorf("after the restore the clones are %v (%v), want none", clones, err)
	}
}

func TestClonesAreListedAndGoWithTheirDatabase(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	workspace := "many-clones" + strings.Repeat("x", 29) // the longest there may be
	ensure(t, cluster, workspace, clonePassword)
	first := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, at := range []time.Time{first, first.Add(time.Hour)} {
		if _, err := cluster.Clone(t.Context(), workspace, "it's a test", at); err != nil {
			t.Fatal(err)
		}
	}
	clones, err := cluster.Clones(t.Context(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	if len(clones) != 2 || clones[0].Workspace != workspace || !clones[0].MadeAt.Equal(first.Truncate(time.Second)) {
		t.Fatalf("the clones are %+v, want two of %s, the first from %v", clones, workspace, first)
	}
	if clones[0].Why != "it's a test" {
		t.Errorf("the clone was made because %q, want what was said", clones[0].Why)
	}
	if size, err := cluster.CloneSize(t.Context(), clones[0].Name); err != nil || size < 1<<20 {
		t.Errorf("the clone has %d bytes (%v), want some megabytes", size, err)
	}
	if err := cluster.DropClone(t.Context(), clones[0].Name); err != nil {
		t.Fatal(err)
	}
	if err := cluster.DropDatabase(t.Context(), workspace); err != nil {
		t.Fatal(err)
	}
	if clones, err := cluster.Clones(t.Context(), workspace); err != nil || len(clones) != 0 {
		t.Errorf("after the drop the clones are %v (%v), want none", clones, err)
	}
}

func TestOnlyClonesAreRestoredAndDroppedAsSuch(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	for _, name := range []string{"", "orbit", "backstage_acme", "backstage_acme@", "backstage_acme@nonsense00", "x_acme@260102030405"} {
		if err := cluster.DropClone(t.Context(), name); err == nil {
			t.Errorf("dropping %q as a clone succeeded", name)
		}
	}
	if err := cluster.Restore(t.Context(), "acme", "backstage_globex@260102030405"); err == nil {
		t.Error("restoring a workspace from another's clone succeeded")
	}
}

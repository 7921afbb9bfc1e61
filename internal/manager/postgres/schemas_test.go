package postgres_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestSchemasAreListedMeasuredAndDropped(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	const workspace = "schemas"
	ensure(t, cluster, workspace, clonePassword)
	run(t, cluster, workspace, `CREATE SCHEMA catalog; CREATE SCHEMA "user-settings"; CREATE TABLE catalog.entities AS
		SELECT n FROM generate_series(1, 1000) AS n`)
	if schemas, err := cluster.Schemas(t.Context(), workspace); err != nil || !slices.Equal(schemas, []string{"catalog", "user-settings"}) {
		t.Errorf("the schemas are %v (%v), want the plugins' two", schemas, err)
	}
	sizes, err := cluster.SchemaSizes(t.Context(), workspace, []string{"catalog", "user-settings", "gone"})
	if err != nil {
		t.Fatal(err)
	}
	if _, found := sizes["gone"]; found || len(sizes) != 2 || sizes["catalog"] < 1000 || sizes["user-settings"] != 0 {
		t.Errorf("the sizes are %v, want one of some bytes and one of none", sizes)
	}
	for range 2 { // the second time finds its work done
		if err := cluster.DropSchema(t.Context(), workspace, "catalog"); err != nil {
			t.Fatal(err)
		}
	}
	if schemas, err := cluster.Schemas(t.Context(), workspace); err != nil || !slices.Equal(schemas, []string{"user-settings"}) {
		t.Errorf("after the drop the schemas are %v (%v)", schemas, err)
	}
}

func TestASchemaThatIsLockedIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	const workspace = "locked-schema"
	ensure(t, cluster, workspace, clonePassword)
	run(t, cluster, workspace, "CREATE SCHEMA busy; CREATE TABLE busy.entities (n int)")
	conn, err := connect(t, cluster.ConnectionFor(workspace), "backstage_"+workspace, clonePassword)
	if err != nil {
		t.Fatal(err)
	}
	err = pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "LOCK busy.entities"); err != nil {
			return err
		}
		if err := cluster.DropSchema(t.Context(), workspace, "busy"); sqlState(err) != "55P03" { // lock_not_available
			t.Errorf("dropping it gives %v, want that the lock cannot be had", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPostgreSQLsOwnSchemasAreNotDropped(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	const workspace = "own-schemas"
	ensure(t, cluster, workspace, clonePassword)
	for _, schema := range []string{"public", "information_schema", "pg_catalog", "pg_toast"} {
		if err := cluster.DropSchema(t.Context(), workspace, schema); err == nil {
			t.Errorf("%s was dropped", schema)
		}
	}
}

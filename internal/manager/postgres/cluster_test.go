package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
)

const password = "correct-horse-battery"

// connect connects as an instance would, to any database.
func connect(t *testing.T, to postgres.Connection, database, password string) (*pgx.Conn, error) {
	t.Helper()
	address := url.URL{Scheme: "postgres", User: url.UserPassword(to.User, password), Path: "/" + database,
		RawQuery: url.Values{"host": {to.Host}, "port": {strconv.Itoa(int(to.Port))}}.Encode()}
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, address.String())
	if err == nil {
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
	}
	return conn, err
}

func ensure(t *testing.T, cluster *postgres.Cluster, workspace, password string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	if err := cluster.EnsureDatabase(ctx, workspace, password); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, cluster, workspace) })
}

func drop(t *testing.T, cluster *postgres.Cluster, workspace string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	if err := cluster.DropDatabase(ctx, workspace); err != nil {
		t.Error(err)
	}
}

func sqlState(err error) string {
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		return failed.Code
	}
	return ""
}

func TestAWorkspaceOwnsItsDatabaseAndReachesNoOther(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	ensure(t, cluster, "acme", password)
	ensure(t, cluster, "globex", password+"2")
	acme := cluster.ConnectionFor("acme")
	conn, err := connect(t, acme, acme.Database, password)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"CREATE SCHEMA catalog", "CREATE TABLE catalog.entities (id int)", "CREATE TABLE public.t (id int)",
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Errorf("its own database refuses %s: %v", statement, err)
		}
	}
	const insufficientPrivilege = "42501"
	for _, database := range []string{"backstage_globex", "orbit", "postgres", "template1"} {
		if _, err := connect(t, acme, database, password); sqlState(err) != insufficientPrivilege {
			t.Errorf("acme's role in database %s: %v, want no right to connect", database, err)
		}
	}
	for _, statement := range []string{
		"CREATE DATABASE more", "CREATE ROLE more", "SET ROLE backstage_globex", "ALTER ROLE backstage_globex PASSWORD 'x'",
		"COPY (SELECT 1) TO PROGRAM 'true'", "SELECT pg_read_file('PG_VERSION')", "DROP DATABASE backstage_globex",
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Errorf("acme's role may run %s", statement)
		}
	}
	if _, err := connect(t, acme, acme.Database, "wrong"); sqlState(err) != "28P01" {
		t.Errorf("with a wrong password: %v", err)
	}
}

func TestEnsureDatabaseIsIdempotent(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	ensure(t, cluster, "again", password)
	ensure(t, cluster, "again", password+"2")
	to := cluster.ConnectionFor("again")
	if _, err := connect(t, to, to.Database, password+"2"); err != nil {
		t.Errorf("the later password: %v", err)
	}
	if _, err := connect(t, to, to.Database, password); err == nil {
		t.Error("the former password still works")
	}
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	ensure(t, cluster, "pass", password)
	if err := cluster.SetPassword(t.Context(), "pass", password+"2"); err != nil {
		t.Fatal(err)
	}
	to := cluster.ConnectionFor("pass")
	if _, err := connect(t, to, to.Database, password+"2"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "it's", "zwölf", "a b"} {
		if err := cluster.SetPassword(t.Context(), "pass", bad); (err == nil) != (bad == "it's") {
			t.Errorf("password %q: %v", bad, err)
		}
	}
}

func TestARoleHasAConnectionLimit(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	ensure(t, cluster, "limit", password)
	to := cluster.ConnectionFor("limit")
	for i := range postgres.RoleConnectionLimit {
		if _, err := connect(t, to, to.Database, password); err != nil {
			t.Fatalf("connection %d: %v", i+1, err)
		}
	}
	const tooManyConnections = "53300"
	if _, err := connect(t, to, to.Database, password); sqlState(err) != tooManyConnections {
		t.Errorf("one more connection: %v, want too many", err)
	}
}

func TestDropDatabaseEndsSessionsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	const workspace = "gone-soon"
	ensure(t, cluster, workspace, password)
	to := cluster.ConnectionFor(workspace)
	if to.Database != "backstage_gone-soon" {
		t.Errorf("the database is %s", to.Database)
	}
	conn, err := connect(t, to, to.Database, password)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := cluster.Workspaces(t.Context()); err != nil || !slices.Contains(all, workspace) {
		t.Errorf("the workspaces are %v, %v", all, err)
	}
	drop(t, cluster, workspace)
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the session lives on")
	}
	if all, err := cluster.Workspaces(t.Context()); err != nil || slices.Contains(all, workspace) {
		t.Errorf("the workspaces are %v, %v", all, err)
	}
	drop(t, cluster, workspace) // idempotent
}

func TestNamesThatAreNoWorkspaceAreRefused(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	for _, name := range []string{"", strings.Repeat("a", 41)} {
		if err := cluster.EnsureDatabase(t.Context(), name, password); err == nil {
			t.Errorf("a database was made for %q", name)
		}
	}
	const hostile = `x"; DROP DATABASE orbit; --`
	ensure(t, cluster, hostile, password)
	if all, err := cluster.Workspaces(t.Context()); err != nil || !slices.Contains(all, hostile) {
		t.Errorf("the workspaces are %v, %v", all, err)
	}
}

// external makes a database and a role in the shared server, as an operator would for a managed server, and returns
// the URL for --postgres-url.
func external(t *testing.T, name, rights string) string {
	t.Helper()
	sharedCluster(t)
	admin, err := pgx.Connect(t.Context(), shared.server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		for _, statement := range []string{"DROP DATABASE " + name + " WITH (FORCE)", "DROP ROLE " + name} {
			if _, err := admin.Exec(ctx, statement); err != nil {
				t.Error(err)
			}
		}
		_ = admin.Close(ctx)
	})
	for _, statement := range []string{
		"CREATE ROLE " + name + " LOGIN PASSWORD 'secret-of-operator' " + rights,
		"CREATE DATABASE " + name + " OWNER " + name,
	} {
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	address, err := url.Parse(shared.server.URL(name))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword(name, "secret-of-operator")
	query := address.Query()
	query.Set("sslmode", "disable")
	address.RawQuery = query.Encode()
	return address.String()
}

func TestAServerWhoseUserIsNoSuperuser(t *testing.T) {
	t.Parallel()
	cluster, err := postgres.OpenCluster(t.Context(), external(t, "operator", "CREATEDB CREATEROLE"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	for range 2 {
		ensure(t, cluster, "managed", password)
	}
	to := cluster.ConnectionFor("managed")
	want := postgres.Connection{Host: to.Host, Port: 5432, User: "backstage_managed", Database: "backstage_managed",
		SSLMode: "disable"}
	if diff := cmp.Diff(want, to); diff != "" {
		t.Errorf("ConnectionFor (-want +got):\n%s", diff)
	}
	conn, err := connect(t, to, to.Database, password)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA catalog"); err != nil {
		t.Error(err)
	}
	if _, err := connect(t, to, "operator", password); err == nil {
		t.Error("the role can connect to the manager's database")
	}
	if schemas, err := cluster.Schemas(t.Context(), "managed"); err != nil || !slices.Equal(schemas, []string{"catalog"}) {
		t.Errorf("the schemas are %v (%v), want catalog", schemas, err)
	}
	clone, err := cluster.Clone(t.Context(), "managed", "a test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if size, err := cluster.CloneSize(t.Context(), clone.Name); err != nil || size == 0 {
		t.Errorf("the clone has %d bytes (%v), want some", size, err)
	}
	if err := cluster.DropSchema(t.Context(), "managed", "catalog"); err != nil {
		t.Error(err)
	}
	drop(t, cluster, "managed")
	if all, err := cluster.Workspaces(t.Context()); err != nil || slices.Contains(all, "managed") {
		t.Errorf("the workspaces are %v, %v", all, err)
	}
}

func TestAUserWithoutTheRightsIsToldWhatToGrant(t *testing.T) {
	t.Parallel()
	_, err := postgres.OpenCluster(t.Context(), external(t, "reader", ""), nil)
	if err == nil || !strings.Contains(err.Error(), `ALTER ROLE "reader" CREATEDB CREATEROLE`) {
		t.Fatalf("OpenCluster gave %v", err)
	}
	if strings.Contains(err.Error(), "secret-of-operator") {
		t.Errorf("the error contains the password: %v", err)
	}
}

func TestAServerThatIsNotThereIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://u:hunter2@127.0.0.1:1/orbit", "host=x password=hunter2", "postgres://u:hunter2@[",
		"postgres://u@127.0.0.1:1/orbit?password=hunter2",
	} {
		_, err := postgres.OpenCluster(t.Context(), address, nil)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("OpenCluster gave %v", err)
		}
	}
}

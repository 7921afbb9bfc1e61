package manager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// boot does what Backstage does at its start: each plugin makes its schema, and then one of them may fail.
func boot(workspace, bundle string, given runtime.Boot) error {
	if err := makeSchemas(given); err != nil {
		return err
	}
	return refuseBroken(workspace, bundle, given)
}

// makeSchemas makes the schemas that the document names, as the keys of schemas, if they are not there. Each has a table
// n with a row.
func makeSchemas(given runtime.Boot) error {
	var document struct {
		Schemas map[string]any
		Backend struct {
			Database struct {
				Connection struct {
					Host, User, Password, Database string
					Port                           uint16
				}
			}
		}
	}
	if err := json.Unmarshal(given.Document, &document); err != nil || len(document.Schemas) == 0 {
		return err
	}
	config, err := pgx.ParseConfig("")
	if err != nil {
		return err
	}
	c := document.Backend.Database.Connection
	config.Host, config.Port, config.User, config.Password, config.Database = c.Host, c.Port, c.User, c.Password, c.Database
	ctx := context.Background()
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close(ctx) }()
	for name := range document.Schemas {
		_, err := connection.Exec(ctx, fmt.Sprintf("CREATE SCHEMA IF NOT EXISTS %[1]s; CREATE TABLE IF NOT EXISTS %[1]s.n (n int); "+
			"INSERT INTO %[1]s.n VALUES (1)", pgx.Identifier{name}.Sanitize()))
		if err != nil {
			return err
		}
	}
	return nil
}

// making is the app-config of a plugin that makes a schema.
func making(schema string) string { return "schemas: {" + schema + ": {}}\n" }

// addPlugin declares a plugin with the given app-config.
func addPlugin(t *testing.T, c *orbit.Client, workspace, name, config string) *orbit.Change {
	t.Helper()
	change, err := c.PutPlugin(t.Context(), workspace, name, orbit.IfAbsent(),
		orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "1.0.0", Config: config}})
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func retained(t *testing.T, c *orbit.Client, workspace string) *orbit.Retained {
	t.Helper()
	retained, err := c.GetRetained(t.Context(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	return retained
}

// inside runs statements in the workspace's own database.
func inside(t *testing.T, s *managertest.Server, workspace, statements string) {
	t.Helper()
	connection := connect(t, s, workspace)
	defer func() { _ = connection.Close(t.Context()) }()
	if _, err := connection.Exec(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

// connect connects to the workspace's own database as the superuser.
func connect(t *testing.T, s *managertest.Server, workspace string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	config.Database = postgres.DatabaseName(workspace)
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

// schemas are the schemas in the workspace's database that processes made, sorted.
func schemas(t *testing.T, s *managertest.Server, workspace string) []string {
	t.Helper()
	connection := connect(t, s, workspace)
	defer func() { _ = connection.Close(t.Context()) }()
	found, err := connection.Query(t.Context(), "SELECT schemaname::text FROM pg_tables WHERE tablename = 'n' ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// rows counts how often a process was started on a schema.
func rows(t *testing.T, s *managertest.Server, workspace, schema string) (count int) {
	t.Helper()
	connection := connect(t, s, workspace)
	defer func() { _ = connection.Close(t.Context()) }()
	err := connection.QueryRow(t.Context(), "SELECT count(*) FROM "+pgx.Identifier{schema, "n"}.Sanitize()).Scan(&count)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func TestASchemaThatAFailedPluginMadeIsDropped(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "unmade", title("A")+making("catalog"))
	const failing, good = brokenPlugin, "@acme/plugin-good-backend"
	changes := plugins(t, c, "unmade", map[string]string{
		failing: making("half") + "x: {title: " + brokenTitle + "}\n", good: making("good"),
	})
	if changes[failing].State != orbit.ChangeFailed {
		t.Errorf("%s is %s, want failed", failing, changes[failing].State)
	}
	applied(t, changes[good], orbit.ImpactRestart)
	if got := schemas(t, s, "unmade"); !slices.Equal(got, []string{"catalog", "good"}) {
		t.Errorf("the schemas are %v, want that of the plugin that failed to be gone, and no other", got)
	}
	if kept := retained(t, c, "unmade"); len(kept.Schemas) != 0 {
		t.Errorf("%+v is retained, want nothing", kept.Schemas)
	}
	remove(t, c, "unmade")
}

func TestASchemaThatWhatServesMakesMeanwhileStays(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "meanwhile", title("A"))
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "meanwhile"})
	change := addPlugin(t, c, "meanwhile", brokenPlugin, making("half")+"x: {title: "+brokenTitle+"}\n")
	reached()
	inside(t, s, "meanwhile", "CREATE SCHEMA catalog; CREATE TABLE catalog.n (n int)") // the release has this plugin
	release()
	if change = settle(t, c, change); change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if got := schemas(t, s, "meanwhile"); !slices.Equal(got, []string{"catalog"}) {
		t.Errorf("the schemas are %v, want what serves to have its own", got)
	}
	remove(t, c, "meanwhile")
}

func TestNothingIsDroppedWhereSchemasCannotBeToldApart(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "untold", title("A"))
	applied(t, plugins(t, c, "untold", map[string]string{"@acme/untold": ""})["@acme/untold"], orbit.ImpactRestart)
	change := settle(t, c, addPlugin(t, c, "untold", brokenPlugin, making("half")+"x: {title: "+brokenTitle+"}\n"))
	if change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if got := schemas(t, s, "untold"); !slices.Equal(got, []string{"half"}) {
		t.Errorf("the schemas are %v; which of the two plugins made it nobody knows", got)
	}
	remove(t, c, "untold")
}

func TestAnOrbitdThatDiesWhileAPluginIsAddedIsFollowedByOneThatDropsItsSchema(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "orphaned", title("A")+making("catalog"))
	const added = "@acme/plugin-added-backend"
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "orphaned"})
	change := addPlugin(t, c, "orphaned", added, making("added"))
	reached()
	inside(t, s, "orphaned", "CREATE SCHEMA added; CREATE TABLE added.n (n int)")
	if err := s.Manager.Close(); err != nil {
		t.Fatal(err)
	}
	release()
	// The next one does not try again.
	execute(t, s, "UPDATE changes SET deadline = now() WHERE id = $1", change.ID)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if change = settle(t, c, change); change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	within(t, "the schema to be dropped", func() bool { return slices.Equal(schemas(t, s, "orphaned"), []string{"catalog"}) })
	if status, _ := ask(t, s, "orphaned"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
}

const kept = "@acme/plugin-kept-backend"

// withoutKept declares an instance whose plugin with a schema of its own was removed.
func withoutKept(t *testing.T, s *managertest.Server, c *orbit.Client, workspace string) {
	t.Helper()
	declare(t, c, workspace, title("A")+making("catalog"))
	applied(t, plugins(t, c, workspace, map[string]string{kept: making("kept")})[kept], orbit.ImpactRestart)
	removePlugin(t, c, workspace, kept)
	within(t, "the plugin's schema to be retained", func() bool { return len(retained(t, c, workspace).Schemas) == 1 })
}

func TestTheSchemaOfARemovedPluginIsKeptAndFoundAgain(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withoutKept(t, s, c, "kept")
	found := retained(t, c, "kept").Schemas[0]
	if found.Schema != "kept" || found.Package != kept || found.SizeBytes == nil || *found.SizeBytes == 0 {
		t.Errorf("%+v is retained, want the plugin's schema with its size", found)
	}
	if lasts := found.ExpiresAt.Sub(found.RemovedAt).Hours(); lasts != 7*24 {
		t.Errorf("it is kept for %v hours, want 7 days", lasts)
	}

	// A plugin that comes back and fails leaves what it found.
	change := settle(t, c, addPlugin(t, c, "kept", kept, making("kept")+"x: {title: "+brokenTitle+"}\n"))
	if change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if again := retained(t, c, "kept").Schemas; len(again) != 1 || !again[0].RemovedAt.Equal(found.RemovedAt) {
		t.Errorf("after a failed return %+v is retained, want %+v", again, found)
	}

	applied(t, plugins(t, c, "kept", map[string]string{kept: making("kept")})[kept], orbit.ImpactRestart)
	if got := rows(t, s, "kept", "kept"); got != 3 {
		t.Errorf("the plugin's table has %d rows, want what all its starts wrote", got)
	}
	if again := retained(t, c, "kept").Schemas; len(again) != 0 {
		t.Errorf("of the plugin that is back %+v is retained, want nothing", again)
	}
	remove(t, c, "kept")
}

func TestARetainedSchemaIsDroppedAfterSevenDays(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	withoutKept(t, s, c, "expired")
	withoutKept(t, s, c, "returned")
	if err := s.Manager.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, s, "UPDATE plugin_schemas SET removed_at = now() - interval '7 days'")
	// The other's plugin is declared again, and did not come to serve yet.
	execute(t, s, "INSERT INTO plugins (workspace, package, spec, etag, resource_generation) VALUES ('returned', $1, "+
		"'{\"version\": \"1.0.0\"}', '', 4)", kept)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "the schema to be dropped", func() bool { return slices.Equal(schemas(t, s, "expired"), []string{"catalog"}) })
	within(t, "the dropped schema to be forgotten", func() bool { return len(retained(t, c, "expired").Schemas) == 0 })
	within(t, "the returned plugin to serve", func() bool { return len(retained(t, c, "returned").Schemas) == 0 })
	if got := schemas(t, s, "returned"); !slices.Equal(got, []string{"catalog", "kept"}) {
		t.Errorf("the schemas are %v, want the returned plugin's to be there", got)
	}
}

func TestARetainedSchemaWaitsWithItsPluginForARestart(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	withoutKept(t, s, c, "waiting")
	document := title("A") + making("catalog")
	manual := func(w *orbit.InstanceWrite) { w.RestartPolicy = orbit.RestartManual }
	declare(t, c, "waiting", document, manual)
	if change := settle(t, c, addPlugin(t, c, "waiting", kept, making("kept"))); !change.PendingRestart {
		t.Fatalf("the change is %+v, want it to be stored for a restart", change)
	}
	execute(t, s, "UPDATE plugin_schemas SET removed_at = now() - interval '8 days'")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "the instance to be adopted", func() bool { return instance(t, c, "waiting").Status.PID != 0 })
	for _, comment := range []string{"# one\n", "# two\n"} { // the actor has looked when they are applied
		applied(t, declare(t, c, "waiting", comment+document, manual), orbit.ImpactNone)
	}
	if got := schemas(t, s, "waiting"); !slices.Contains(got, "kept") {
		t.Errorf("the schemas are %v, want that of the plugin that waits among them", got)
	}
	change, err := c.RestartInstance(t.Context(), "waiting", orbit.RestartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if change = settle(t, c, change); change.State != orbit.ChangeApplied {
		t.Errorf("the restart is %s: %v", change.State, change.Problem)
	}
	if left := retained(t, c, "waiting").Schemas; len(left) != 0 || rows(t, s, "waiting", "kept") != 2 {
		t.Errorf("%+v is retained, and the table has %d rows, want the plugin to have found its own", left, rows(t, s, "waiting", "kept"))
	}
}

package manager_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const upgraded = "@acme/plugin-upgraded-backend"

// upgrade writes the plugin's next version, with which the instance starts or not.
func upgrade(t *testing.T, c *orbit.Client, workspace, config string) *orbit.Change {
	t.Helper()
	plugin, err := c.GetPlugin(t.Context(), workspace, upgraded)
	if err != nil {
		t.Fatal(err)
	}
	change, err := c.PutPlugin(t.Context(), workspace, upgraded, orbit.IfMatch(plugin.ETag),
		orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "2.0.0", Config: config}})
	if err != nil {
		t.Fatal(err)
	}
	return change
}

// withPluginOne declares an instance with the plugin's first version.
func withPluginOne(t *testing.T, c *orbit.Client, workspace string) {
	t.Helper()
	declare(t, c, workspace, title(workspace))
	for name, change := range plugins(t, c, workspace, map[string]string{upgraded: ""}) {
		if change.State != orbit.ChangeApplied {
			t.Fatalf("%s is %s: %v", name, change.State, change.Problem)
		}
	}
}

// databases lists the databases of a workspace: its own and their clones.
func databases(t *testing.T, s *managertest.Server, workspace string) []string {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	rows, err := connection.Query(t.Context(), "SELECT datname::text FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1", "backstage_"+workspace)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAnUpgradeKeepsTheDatabaseFromBeforeIt(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withPluginOne(t, c, "upgraded")
	applied(t, settle(t, c, upgrade(t, c, "upgraded", "")), orbit.ImpactUpgrade)
	if status, _ := ask(t, s, "upgraded"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
	if names := databases(t, s, "upgraded"); len(names) != 2 || !strings.HasPrefix(names[1], "backstage_upgraded@") {
		t.Errorf("the databases are %v, want the instance's own and one clone", names)
	}
	if got := len(s.Runtime.Processes("upgraded")); got != 1 {
		t.Errorf("%d processes run, want 1", got)
	}
	remove(t, c, "upgraded")
	if names := databases(t, s, "upgraded"); len(names) != 0 {
		t.Errorf("after the deletion there are %v", names)
	}
}

func TestAFailedUpgradeBringsBackPackagesConfigAndDatabase(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withPluginOne(t, c, "unupgraded")
	change := settle(t, c, upgrade(t, c, "unupgraded", "x: {title: "+brokenTitle+"}\n"))
	if change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if status, _ := ask(t, s, "unupgraded"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200: what ran before serves again", status)
	}
	if names := databases(t, s, "unupgraded"); len(names) != 1 {
		t.Errorf("the databases are %v, want the clone to have taken the database's place", names)
	}
	plugin, err := c.GetPlugin(t.Context(), "unupgraded", upgraded)
	if err != nil {
		t.Fatal(err)
	}
	if plugin.Version != "1.0.0" {
		t.Errorf("version %s is declared, want 1.0.0 again", plugin.Version)
	}
	if phase := instance(t, c, "unupgraded").Status.Phase; phase != orbit.PhaseReady {
		t.Errorf("the instance is %s, want Ready", phase)
	}
	remove(t, c, "unupgraded")
}

func TestAnOrbitdThatEndsInAnUpgradeIsFollowedByOneThatStartsItOver(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	withPluginOne(t, c, "interrupted")
	before := calls(s, "interrupted", fake.OpActivate)
	gate := make(chan struct{})
	defer close(gate)
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "interrupted", Gate: gate, Times: 1})
	change := upgrade(t, c, "interrupted", "")
	within(t, "green to be under way", func() bool { return calls(s, "interrupted", fake.OpActivate) == before+1 })
	ready := func(conditions []orbit.Condition) orbit.Condition {
		return conditions[slices.IndexFunc(conditions, func(c orbit.Condition) bool { return c.Type == orbit.ConditionReady })]
	}
	status := instance(t, c, "interrupted").Status
	if said := ready(status.Conditions); status.Phase != orbit.PhaseUpdating || said.Status != "False" || said.Reason != "Replacing" {
		t.Errorf("while requests wait the instance is %s and %+v, want Updating and not ready, because it is being replaced", status.Phase, said)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, body := ask(t, s, "interrupted"); status != http.StatusOK { // it waits for the next orbitd's process
		t.Errorf("a request is answered %d %s, want 200", status, body)
	}
	applied(t, settle(t, c, change), orbit.ImpactUpgrade)
	restored := false
	events, err := c.ListEvents(t.Context(), "interrupted", orbit.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Items {
		restored = restored || e.Reason == "DatabaseRestored"
	}
	if !restored {
		t.Error("the database was not restored before the upgrade was tried again")
	}
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("interrupted")) == 1 })
}

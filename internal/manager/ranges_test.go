package manager_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// ranged makes a write with one plugin.
func ranged(name, version string) func(*orbit.InstanceWrite) {
	return func(w *orbit.InstanceWrite) { w.Plugins = map[string]orbit.PluginSpec{name: {Version: version}} }
}

// installed says which version of a package the instance's process runs with.
func installed(t *testing.T, c *orbit.Client, workspace, name, version string) {
	t.Helper()
	if bundle := instance(t, c, workspace).Status.Bundle; !strings.Contains(bundle+" ", name+"@"+version+" ") {
		t.Errorf("bundle %s serves, want %s@%s in it", bundle, name, version)
	}
}

// plannedVersion is what a plan of the plugin resolves its version to.
func plannedVersion(t *testing.T, c *orbit.Client, workspace, name, version string) string {
	t.Helper()
	result, err := c.Plan(t.Context(), workspace, orbit.PlanRequest{Plugin: &orbit.PluginPlan{
		Package: name, PluginSpec: orbit.PluginSpec{Version: version},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if orbit.HasErrors(result.Diagnostics) {
		t.Fatalf("the plan of %s %s finds %v", name, version, result.Diagnostics)
	}
	return result.ResolvedVersions[name]
}

func TestARangeMeansWhatItWasResolvedToAtFirst(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const workspace, name = "ranged", "@acme/plugin-ranged-backend"
	s.Registry.Publish(name, "1.0.0", "1.2.0")
	if got := plannedVersion(t, c, workspace, name, "^1.0.0"); got != "1.2.0" {
		t.Fatalf("before there is an instance ^1.0.0 means %q, want 1.2.0", got)
	}
	s.Registry.Publish(name, "1.3.0")
	declare(t, c, workspace, "", ranged(name, "^1.0.0"))
	installed(t, c, workspace, name, "1.2.0")
	before := instance(t, c, workspace)
	if plugin := before.Plugins[name]; plugin.Version != "^1.0.0" || plugin.ResolvedVersion != "1.2.0" {
		t.Errorf("the instance has the plugin as %+v, want ^1.0.0 resolved to 1.2.0", plugin)
	}

	// What a client says that it means is nothing.
	claim := func(w *orbit.InstanceWrite) {
		w.Plugins = map[string]orbit.PluginSpec{name: {Version: "^1.0.0", ResolvedVersion: "1.3.0"}}
	}
	applied(t, declare(t, c, workspace, "", claim), orbit.ImpactNone)
	if after := instance(t, c, workspace); after.ETag != before.ETag {
		t.Errorf("the ETag moved from %s to %s with what a client claims", before.ETag, after.ETag)
	}
	for _, same := range []string{">=1.2.0 <1.3.0", "1.2.x", "1.2.0"} {
		applied(t, declare(t, c, workspace, "", ranged(name, same)), orbit.ImpactNone)
	}
	applied(t, declare(t, c, workspace, "", ranged(name, "^1.1.0")), orbit.ImpactUpgrade)
	installed(t, c, workspace, name, "1.3.0")
	applied(t, declare(t, c, workspace, "", ranged(name, "^1.0.0")), orbit.ImpactUpgrade)
	installed(t, c, workspace, name, "1.2.0")
	remove(t, c, workspace)
}

func TestAPluginOfItsOwnMayHaveARange(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const workspace, name = "ranged-own", "@acme/plugin-ranged-own-backend"
	s.Registry.Publish(name, "1.2.0")
	declare(t, c, workspace, "")
	settle(t, c, putPlugin(t, c, workspace, name, "1.x"))
	s.Registry.Publish(name, "1.3.0")
	installed(t, c, workspace, name, "1.2.0")
	plugin, err := c.GetPlugin(t.Context(), workspace, name)
	if err != nil {
		t.Fatal(err)
	}
	if plugin.Version != "1.x" || plugin.ResolvedVersion != "1.2.0" {
		t.Errorf("the plugin is %s resolved to %q, want 1.x to 1.2.0", plugin.Version, plugin.ResolvedVersion)
	}
	for version, impact := range map[string]orbit.Impact{"1.x": orbit.ImpactNone, ">=1.3": orbit.ImpactUpgrade} {
		result, err := c.Plan(t.Context(), workspace, orbit.PlanRequest{Plugin: &orbit.PluginPlan{
			Package: name, PluginSpec: orbit.PluginSpec{Version: version, ResolvedVersion: "0.0.1"},
		}})
		if err != nil || result.Impact != impact {
			t.Errorf("the plan of %s costs %+v (%v), want %s", version, result, err, impact)
		}
	}
	remove(t, c, workspace)
}

func TestPlansAtTheSameTimeGetTheSameVersion(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const name = "@acme/plugin-raced-backend"
	s.Registry.Publish(name, "1.0.0")
	got := make([]string, 8)
	var plans sync.WaitGroup
	for i := range got {
		plans.Go(func() {
			s.Registry.Publish(name, "1."+strings.Repeat("1", i+1)+".0")
			got[i] = plannedVersion(t, c, "raced", name, "^1.0.0")
		})
	}
	plans.Wait()
	for _, version := range got {
		if version != got[0] || version == "" {
			t.Fatalf("the plans say %q, want one version", got)
		}
	}
}

// resolutions counts what ranges of a package were resolved to.
func resolutions(t *testing.T, s *managertest.Server, name string) int {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	var n int
	if err := connection.QueryRow(t.Context(), "SELECT count(*) FROM plugin_resolutions WHERE package = $1", name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAResolutionOutlivesTheInstanceByAMonth(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	const name = "@acme/plugin-x-backend"
	// An orbitd that starts forgets what is old.
	monthLater := func(left int) {
		t.Helper()
		execute(t, s, "UPDATE plugin_resolutions SET used_at = now() - interval '31 days'")
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		within(t, "the old to be forgotten", func() bool { return resolutions(t, s, name) == left })
	}
	s.Registry.Publish(name, "1.0.0")
	declare(t, c, "acme", "", ranged(name, "^1.0.0"))
	s.Registry.Publish(name, "1.1.0")
	plannedVersion(t, c, "nobody", name, "^1.0.0")
	monthLater(1)
	remove(t, c, "acme")
	if got := plannedVersion(t, c, "acme", name, "^1.0.0"); got != "1.0.0" {
		t.Errorf("after its instance ^1.0.0 means %s, want 1.0.0", got)
	}
	monthLater(0)
	if got := plannedVersion(t, c, "acme", name, "^1.0.0"); got != "1.1.0" {
		t.Errorf("for a new workspace ^1.0.0 means %s, want 1.1.0", got)
	}
}

func TestARangeThatCannotBeResolved(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const workspace, name, other = "unresolved", "@acme/plugin-unresolved-backend", "@acme/plugin-resolved-backend"
	s.Registry.Publish(name, "1.0.0")
	plan := func(version string) *orbit.PlanResult {
		t.Helper()
		write := small("")
		write.Plugins = map[string]orbit.PluginSpec{name: {Version: version}, other: {Version: "^2.0.0"}}
		result, err := c.Plan(t.Context(), workspace, orbit.PlanRequest{Instance: &write.InstanceSpec})
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Diagnostics) != 1 || result.Diagnostics[0].Plugin != name || result.ResolvedVersions[other] != "2.0.0" {
			t.Fatalf("the plan is %+v, want one finding about %s", result, name)
		}
		return result
	}
	if d := plan("^2.0.0").Diagnostics[0]; d.Code != orbit.CodeVersionNotFound || d.Severity != orbit.SeverityError || d.Path != "version" {
		t.Errorf("the plan of a version that is not there finds %+v", d)
	}
	_, err := c.PutInstance(t.Context(), workspace, orbit.IfAbsent(), withPlugin(name, "^2.0.0", ""))
	refused(t, err, orbit.CodeVersionNotFound)

	s.Registry.Fail(name)
	result := plan("^1.0.0")
	if d := result.Diagnostics[0]; d.Code != orbit.CodeUnchecked || d.Severity != orbit.SeverityWarning || result.ResolvedVersions[name] != "" {
		t.Errorf("with the registry down the plan is %+v, want a warning and no version", result)
	}
	_, err = c.PutInstance(t.Context(), workspace, orbit.IfAbsent(), withPlugin(name, "^1.0.0", ""))
	if p := refused(t, err, orbit.CodeUnchecked); p.Status != 503 || !strings.Contains(p.Detail, "try again") {
		t.Errorf("the write is refused with %+v, want 503 and what to do", p)
	}
	s.Registry.Recover(name)
	if got := plannedVersion(t, c, workspace, name, "^1.0.0"); got != "1.0.0" {
		t.Errorf("with the registry back ^1.0.0 means %s", got)
	}
}

// What waits for a restart brings no version into a process that is replaced for another reason.
func TestAProcessKeepsTheVersionThatItsRangeHad(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const workspace, name = "ranged-waiting", "@acme/plugin-waiting-backend"
	s.Registry.Publish(name, "1.0.0", "2.0.0")
	declare(t, c, workspace, "", ranged(name, "^1.0.0"), policy(orbit.RestartManual))
	applied(t, declare(t, c, workspace, "", ranged(name, ">=1"), policy(orbit.RestartManual)), orbit.ImpactUpgrade)
	applied(t, declare(t, c, workspace, endpoint, ranged(name, ">=1"), policy(orbit.RestartManual)), orbit.ImpactLive)
	runsWith(t, s, workspace, []string{endpointKey}, nil)
	crashed(t, s, c, workspace)
	installed(t, c, workspace, name, "1.0.0")
	applied(t, restart(t, c, workspace), orbit.ImpactUpgrade)
	installed(t, c, workspace, name, "2.0.0")
	remove(t, c, workspace)
}

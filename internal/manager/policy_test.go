package manager_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// policy makes a write with the restart policy.
func policy(p orbit.RestartPolicy) func(*orbit.InstanceWrite) {
	return func(w *orbit.InstanceWrite) { w.RestartPolicy = p }
}

// runsWith says which process serves and that what it was given has some texts and not others.
func runsWith(t *testing.T, s *managertest.Server, workspace string, with, without []string) {
	t.Helper()
	_, body := ask(t, s, workspace)
	for _, text := range with {
		if !strings.Contains(body, text) {
			t.Errorf("the process runs without %q: %s", text, body)
		}
	}
	for _, text := range without {
		if strings.Contains(body, text) {
			t.Errorf("the process runs with %q: %s", text, body)
		}
	}
}

// pending says whether stored changes wait for a restart and whether the process is the one before.
func pending(t *testing.T, c *orbit.Client, workspace string, want bool, pid int) {
	t.Helper()
	status := instance(t, c, workspace).Status
	if status.PendingRestart != want || (len(status.PendingReasons) > 0) != want {
		t.Errorf("a restart is pending: %v %v, want %v", status.PendingRestart, status.PendingReasons, want)
	}
	if status.PID != pid {
		t.Errorf("pid %d serves, want %d", status.PID, pid)
	}
	if status.Phase != orbit.PhaseReady {
		t.Errorf("the instance is %s, want Ready", status.Phase)
	}
}

func restart(t *testing.T, c *orbit.Client, workspace string) *orbit.Change {
	t.Helper()
	change, err := c.RestartInstance(t.Context(), workspace, orbit.RestartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return settle(t, c, change)
}

func TestUnderManualARestartWaitsUntilItIsAskedFor(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "manual", title("One"), policy(orbit.RestartManual))
	pid := instance(t, c, "manual").Status.PID

	change := declare(t, c, "manual", title("Two"), policy(orbit.RestartManual))
	applied(t, change, orbit.ImpactRestart)
	if !change.PendingRestart {
		t.Error("the change does not say that it waits for a restart")
	}
	pending(t, c, "manual", true, pid)
	runsWith(t, s, "manual", []string{"One"}, []string{"Two"})

	// A live change carries the live paths alone.
	change = declare(t, c, "manual", title("Two")+endpoint, policy(orbit.RestartManual))
	applied(t, change, orbit.ImpactLive)
	if change.PendingRestart {
		t.Error("the live change says that it waits for a restart")
	}
	pending(t, c, "manual", true, pid)
	runsWith(t, s, "manual", []string{"One", endpointKey}, []string{"Two"})

	applied(t, restart(t, c, "manual"), orbit.ImpactRestart)
	runsWith(t, s, "manual", []string{"Two", endpointKey}, []string{"One"})
	status := instance(t, c, "manual").Status
	if status.PendingRestart || status.PID == pid {
		t.Errorf("after the restart pid %d serves and a restart is pending: %v", status.PID, status.PendingRestart)
	}
	remove(t, c, "manual")
}

func TestAPendingRestartThatIsTakenBackIsNoneAnyMore(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "taken-back", title("One"), policy(orbit.RestartManual))
	pid := instance(t, c, "taken-back").Status.PID
	declare(t, c, "taken-back", title("Two"), policy(orbit.RestartManual))
	change := declare(t, c, "taken-back", title("One")+endpoint, policy(orbit.RestartManual))
	if change.State != orbit.ChangeApplied || change.PendingRestart {
		t.Errorf("the change is %s, pending a restart: %v", change.State, change.PendingRestart)
	}
	pending(t, c, "taken-back", false, pid)
	runsWith(t, s, "taken-back", []string{"One", endpointKey}, nil)
	remove(t, c, "taken-back")
}

func TestAutoRollsOutWhatWaited(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "window", title("One"), policy(orbit.RestartManual))
	declare(t, c, "window", title("Two"), policy(orbit.RestartManual))
	before := instance(t, c, "window")

	write := small(title("Two"))
	plan, err := c.Plan(t.Context(), "window", orbit.PlanRequest{Instance: &write.InstanceSpec})
	if err != nil || plan.Impact != orbit.ImpactRestart {
		t.Errorf("the plan to set the policy to auto says %+v, %v, want a restart", plan, err)
	}
	write.MaxImpact = orbit.ImpactNone
	_, err = c.PutInstance(t.Context(), "window", orbit.IfMatch(before.ETag), write)
	refused(t, err, orbit.CodeImpactExceeded)

	applied(t, declare(t, c, "window", title("Two")), orbit.ImpactRestart)
	runsWith(t, s, "window", []string{"Two"}, []string{"One"})
	if now := instance(t, c, "window").Status; now.PendingRestart {
		t.Error("a restart is still pending")
	}
	remove(t, c, "window")
}

func TestForbidRefusesWhatCostsARestart(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const plugin = "@acme/plugin-x-backend"
	applied(t, declare(t, c, "frozen", title("One"), policy(orbit.RestartForbid)), orbit.ImpactNone)
	before := instance(t, c, "frozen")

	write := small(title("Two") + endpoint)
	write.RestartPolicy = orbit.RestartForbid
	plan, err := c.Plan(t.Context(), "frozen", orbit.PlanRequest{Instance: &write.InstanceSpec})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Diagnostics) != 1 || plan.Diagnostics[0].Code != orbit.CodeRestartForbidden ||
		plan.Diagnostics[0].Severity != orbit.SeverityError || plan.Diagnostics[0].Path != "app.title" {
		t.Errorf("the plan finds %+v, want an error for app.title", plan.Diagnostics)
	}
	_, err = c.PutInstance(t.Context(), "frozen", orbit.IfMatch(before.ETag), write)
	if p := refused(t, err, orbit.CodeRestartForbidden); p.Status != http.StatusConflict || !strings.Contains(p.Detail, "app.title") {
		t.Errorf("the problem is %+v, want 409 and the path", p)
	}
	plan, err = c.Plan(t.Context(), "frozen", orbit.PlanRequest{Plugin: &orbit.PluginPlan{Package: plugin, PluginSpec: orbit.PluginSpec{Version: "1.0.0"}}})
	if err != nil || !orbit.HasErrors(plan.Diagnostics) {
		t.Errorf("the plan of a plugin finds %+v, %v, want an error", plan, err)
	}
	_, err = c.PutPlugin(t.Context(), "frozen", plugin, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "1.0.0"}})
	refused(t, err, orbit.CodeRestartForbidden)
	if after := instance(t, c, "frozen"); after.Generation != before.Generation || after.ETag != before.ETag {
		t.Error("a refused write touched the instance")
	}

	applied(t, declare(t, c, "frozen", title("One")+endpoint, policy(orbit.RestartForbid)), orbit.ImpactLive)
	runsWith(t, s, "frozen", []string{endpointKey}, nil)

	// In a window, with the plugin; then its removal is refused too, until the instance goes.
	declare(t, c, "frozen", title("One"))
	settle(t, c, putPlugin(t, c, "frozen", plugin, "1.0.0"))
	declare(t, c, "frozen", title("One"), policy(orbit.RestartForbid))
	plan, err = c.Plan(t.Context(), "frozen", orbit.PlanRequest{DeletePlugin: plugin})
	if err != nil || !orbit.HasErrors(plan.Diagnostics) {
		t.Errorf("the plan to remove a plugin finds %+v, %v, want an error", plan, err)
	}
	_, err = c.DeletePlugin(t.Context(), "frozen", plugin, orbit.Precondition{})
	refused(t, err, orbit.CodeRestartForbidden)
	remove(t, c, "frozen")
}

func TestUnderManualPluginsWaitToo(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const plugin = "@acme/plugin-x-backend"
	declare(t, c, "manual-plugin", "", policy(orbit.RestartManual))
	pid := instance(t, c, "manual-plugin").Status.PID
	change := settle(t, c, putPlugin(t, c, "manual-plugin", plugin, "1.0.0"))
	applied(t, change, orbit.ImpactRestart)
	if !change.PendingRestart {
		t.Error("the plugin does not say that it waits for a restart")
	}
	pending(t, c, "manual-plugin", true, pid)
	applied(t, restart(t, c, "manual-plugin"), orbit.ImpactRestart)
	pid = instance(t, c, "manual-plugin").Status.PID

	removed, err := c.DeletePlugin(t.Context(), "manual-plugin", plugin, orbit.Precondition{})
	if err != nil || !removed.PendingRestart {
		t.Errorf("the removal gives %+v, %v, want that it waits for a restart", removed, err)
	}
	pending(t, c, "manual-plugin", true, pid)
	if n := starts(s, "manual-plugin"); n != 2 {
		t.Errorf("%d processes were started, want 2", n)
	}
	remove(t, c, "manual-plugin")
}

func TestAProcessThatEndsByItselfStartsWithWhatItHad(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "night", title("One"), policy(orbit.RestartManual))
	declare(t, c, "night", title("Two")+endpoint, policy(orbit.RestartManual))
	pid := instance(t, c, "night").Status.PID
	s.Runtime.Kill("night")
	within(t, "another process", func() bool {
		now := instance(t, c, "night").Status
		return now.PID != 0 && now.PID != pid && now.Phase == orbit.PhaseReady
	})
	runsWith(t, s, "night", []string{"One", endpointKey}, []string{"Two"})
	pending(t, c, "night", true, instance(t, c, "night").Status.PID)
	remove(t, c, "night")
}

func TestARestartThatFailsLeavesWhatIsStored(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "stays-stored", title("One"), policy(orbit.RestartManual))
	declare(t, c, "stays-stored", title(brokenTitle), policy(orbit.RestartManual))
	pid := instance(t, c, "stays-stored").Status.PID
	change := restart(t, c, "stays-stored")
	if change.State != orbit.ChangeFailed || change.Problem.Code != orbit.CodeBootFailed || change.Problem.Plugin != brokenPlugin {
		t.Errorf("the restart is %s with %+v, want failed at the plugin", change.State, change.Problem)
	}
	pending(t, c, "stays-stored", true, pid)
	runsWith(t, s, "stays-stored", []string{"One"}, nil)
	declare(t, c, "stays-stored", title("Two"), policy(orbit.RestartManual))
	applied(t, restart(t, c, "stays-stored"), orbit.ImpactRestart)
	runsWith(t, s, "stays-stored", []string{"Two"}, nil)
	remove(t, c, "stays-stored")
}

func TestARestartThatIsAskedForReplacesTheProcess(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	_, err := c.RestartInstance(t.Context(), "nobody", orbit.RestartRequest{})
	refused(t, err, orbit.CodeNotFound)
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	if status, body := call(t, s, http.MethodPost, "/v1/instances/nobody/restart", token); status != http.StatusNotFound {
		t.Errorf("without a body the answer is %d %s, want 404 as with one", status, body)
	}
	declare(t, c, "restarted", title("One"), policy(orbit.RestartForbid))
	before := instance(t, c, "restarted")
	change := restart(t, c, "restarted")
	applied(t, change, orbit.ImpactRestart)
	if change.Operation != orbit.OperationRestart || len(change.Reasons) != 1 {
		t.Errorf("the change is %+v, want a restart with its reason", change)
	}
	after := instance(t, c, "restarted")
	if after.Status.PID == before.Status.PID || after.ETag != before.ETag {
		t.Errorf("pid %d serves %s after pid %d served %s", after.Status.PID, after.ETag, before.Status.PID, before.ETag)
	}
	runsWith(t, s, "restarted", []string{"One"}, nil)

	// Two at once: an update that fails does not take the restart for its own successor.
	broken := put(t, c, "restarted", title(brokenTitle))
	asked, err := c.RestartInstance(t.Context(), "restarted", orbit.RestartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got := settle(t, c, broken); got.State != orbit.ChangeFailed {
		t.Errorf("the broken update is %s, want failed", got.State)
	}
	settle(t, c, asked)
	runsWith(t, s, "restarted", []string{"One"}, nil)
	if now := instance(t, c, "restarted"); now.Config != title("One") || now.RestartPolicy != orbit.RestartForbid {
		t.Errorf("%q under %s is declared, want what was before", now.Config, now.RestartPolicy)
	}
	remove(t, c, "restarted")
}

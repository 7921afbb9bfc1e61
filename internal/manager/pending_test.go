package manager_test

import (
	"slices"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// secrets makes a write with the secrets.
func secrets(version int64, values map[string]string) func(*orbit.InstanceWrite) {
	return func(w *orbit.InstanceWrite) { w.Secrets, w.SecretsVersion = values, version }
}

// crashed has the instance's process end by itself, and returns the pid of the one that takes its place.
func crashed(t *testing.T, s *managertest.Server, c *orbit.Client, workspace string) int {
	t.Helper()
	before := instance(t, c, workspace).Status.PID
	s.Runtime.Kill(workspace)
	within(t, "another process", func() bool {
		now := instance(t, c, workspace).Status
		return now.PID != 0 && now.PID != before && now.Phase == orbit.PhaseReady
	})
	return instance(t, c, workspace).Status.PID
}

// A removal that waits takes nothing away before its restart, whatever else is declared meanwhile.
func TestAStoredRemovalWaitsAsAWhole(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const plugin = "@acme/plugin-x-backend"
	declare(t, c, "whole", title("One"))
	settle(t, c, addPlugin(t, c, "whole", plugin, endpoint))
	declare(t, c, "whole", title("Two"), policy(orbit.RestartManual))
	pid := instance(t, c, "whole").Status.PID
	if _, err := c.DeletePlugin(t.Context(), "whole", plugin, orbit.Precondition{}); err != nil {
		t.Fatal(err)
	}
	applied(t, declare(t, c, "whole", "# a comment\n"+title("Two"), policy(orbit.RestartManual)), orbit.ImpactNone)
	runsWith(t, s, "whole", []string{"One", endpointKey}, nil)
	pending(t, c, "whole", true, pid)
	remove(t, c, "whole")
}

func TestAPolicyThatComesWhileARestartGathersHoldsIt(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "gathered", title("One"))
	pid := instance(t, c, "gathered").Status.PID
	plugin := putPlugin(t, c, "gathered", "@acme/plugin-x-backend", "1.0.0")
	declare(t, c, "gathered", title("One"), policy(orbit.RestartManual))
	if plugin = settle(t, c, plugin); plugin.State != orbit.ChangeApplied || !plugin.PendingRestart {
		t.Errorf("the plugin is %s, pending a restart: %v; want it stored", plugin.State, plugin.PendingRestart)
	}
	pending(t, c, "gathered", true, pid)
	remove(t, c, "gathered")
}

func TestAChangeThatIsTakenBackWhileItGathersRestartsNothing(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "reverted", title("One"))
	pid := instance(t, c, "reverted").Status.PID
	there := put(t, c, "reverted", title("Two"))
	back := declare(t, c, "reverted", title("One"))
	if there = settle(t, c, there); there.State != orbit.ChangeApplied || back.State != orbit.ChangeApplied {
		t.Errorf("the changes are %s and %s, want both applied", there.State, back.State)
	}
	pending(t, c, "reverted", false, pid)
	remove(t, c, "reverted")
}

// A process has one set of secrets, and a new one comes with a restart.
func TestALiveChangeWithANewSecretWaitsForThePendingRestart(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const header = "proxy:\n  endpoints:\n    /endpoint: {target: 'http://127.0.0.1:1', headers: {X: '${KEY}'}}\n"
	declare(t, c, "rotated", title("One")+header, policy(orbit.RestartManual), secrets(1, map[string]string{"KEY": "first-value"}))
	declare(t, c, "rotated", title("Two")+header, policy(orbit.RestartManual))
	change := declare(t, c, "rotated", title("Two")+header, policy(orbit.RestartManual), secrets(2, map[string]string{"KEY": "second-value"}))
	applied(t, change, orbit.ImpactLive)
	if !change.PendingRestart {
		t.Error("the change does not say that it waits for a restart")
	}
	runsWith(t, s, "rotated", []string{"first-value"}, []string{"second-value"})
	applied(t, restart(t, c, "rotated"), orbit.ImpactRestart)
	runsWith(t, s, "rotated", []string{"Two", "second-value"}, []string{"first-value"})
	remove(t, c, "rotated")
}

func TestWhatIsStoredIsNotToBlameForABootWithoutIt(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "blameless", title("One"), policy(orbit.RestartManual))
	crashed(t, s, c, "blameless")
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "blameless", Times: 1,
		Err: &runtime.BootError{Code: orbit.CodeBootFailed, Message: "the port is in use"}})
	s.Runtime.Kill("blameless") // the second end: it is started again after 1 s, or with the next change
	within(t, "its end", func() bool { return instance(t, c, "blameless").Status.PID == 0 })
	change := declare(t, c, "blameless", title("Two"), policy(orbit.RestartManual))
	if change.State != orbit.ChangeApplied || !change.PendingRestart {
		t.Errorf("the change is %s (%v), pending a restart: %v; want it stored", change.State, change.Problem, change.PendingRestart)
	}
	remove(t, c, "blameless")
}

func TestTakingBackWhatWaitsIsNotForbidden(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "back", title("One"), policy(orbit.RestartManual))
	declare(t, c, "back", title("Two"), policy(orbit.RestartManual))
	declare(t, c, "back", title("Two"), policy(orbit.RestartForbid))
	pid := instance(t, c, "back").Status.PID
	applied(t, declare(t, c, "back", title("One"), policy(orbit.RestartForbid)), orbit.ImpactNone)
	pending(t, c, "back", false, pid)
	remove(t, c, "back")
}

func TestADeadlineFailsTheChangesThatHaveIt(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "late", title("One"))
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "late", Hang: true, Times: 1})
	short := put(t, c, "late", title("Two"), func(w *orbit.InstanceWrite) { w.DeadlineSeconds = 2 })
	long := putPlugin(t, c, "late", "@acme/plugin-x-backend", "1.0.0")
	if short = settle(t, c, short); short.State != orbit.ChangeFailed {
		t.Errorf("the change with a deadline of 2 s is %s, want failed", short.State)
	}
	applied(t, settle(t, c, long), orbit.ImpactRestart)
	runsWith(t, s, "late", []string{"One"}, []string{"Two"})
	remove(t, c, "late")
}

func TestWithoutRoomASchemaThatAFailedPluginMadeIsDropped(t *testing.T) {
	t.Parallel()
	m, s, c := crowded(t, false)
	declare(t, c, "tight-schema", title("A")+making("catalog"))
	m.availableMiB.Store(150)
	change := settle(t, c, addPlugin(t, c, "tight-schema", brokenPlugin, making("half")+"x: {title: "+brokenTitle+"}\n"))
	if change.State != orbit.ChangeFailed {
		t.Errorf("the change is %s, want failed", change.State)
	}
	within(t, "its schema to be dropped", func() bool {
		return slices.Equal(schemas(t, s, "tight-schema"), []string{"catalog"})
	})
}

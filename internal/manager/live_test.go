package manager_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// endpoint is app-config that a running process takes in, and endpointKey what is found in a process that has it.
const (
	endpointKey = "/endpoint"
	endpoint    = "proxy:\n  endpoints:\n    " + endpointKey + ": {target: 'http://127.0.0.1:1'}\n"
)

// execute runs a statement in orbitd's own database.
func execute(t *testing.T, s *managertest.Server, statement string, arguments ...any) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	if _, err := connection.Exec(t.Context(), statement, arguments...); err != nil {
		t.Fatal(err)
	}
}

// pushedBack says that the change failed and that the same process serves with the config from before it, which it was
// given again.
func pushedBack(t *testing.T, s *managertest.Server, c *orbit.Client, before *orbit.Instance, change *orbit.Change, pushes int) {
	t.Helper()
	workspace := before.Workspace
	if change.State != orbit.ChangeFailed {
		t.Errorf("the change is %s, want failed", change.State)
	}
	if pushes != 2 {
		t.Errorf("%d configs were pushed, want 2: the new one and the one before", pushes)
	}
	if _, body := ask(t, s, workspace); strings.Contains(body, endpointKey) {
		t.Errorf("the process runs with the config of the failed change: %s", body)
	}
	after := instance(t, c, workspace)
	if after.ETag != before.ETag || after.Status.PID != before.Status.PID {
		t.Errorf("%s runs as %d, want %s as %d as before", after.ETag, after.Status.PID, before.ETag, before.Status.PID)
	}
}

func TestAPushThatIsNotDoneInTimeIsTakenBack(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "slow-push", title("Slow"))
	before, pushes := instance(t, c, "slow-push"), calls(s, "slow-push", fake.OpPush)
	s.Runtime.Inject(fake.Fault{Op: fake.OpPush, Workspace: "slow-push", Hang: true, Times: 1})
	change := declare(t, c, "slow-push", title("Slow")+endpoint, func(w *orbit.InstanceWrite) { w.DeadlineSeconds = 2 })
	pushedBack(t, s, c, before, change, calls(s, "slow-push", fake.OpPush)-pushes)
	remove(t, c, "slow-push")
}

func TestAPushThatCannotBeRecordedIsTakenBack(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "unrecorded", title("Unrecorded"))
	before, pushes := instance(t, c, "unrecorded"), calls(s, "unrecorded", fake.OpPush)
	execute(t, s, "ALTER TABLE processes ADD CONSTRAINT unrecorded CHECK (workspace <> 'unrecorded') NOT VALID")
	change := declare(t, c, "unrecorded", title("Unrecorded")+endpoint)
	execute(t, s, "ALTER TABLE processes DROP CONSTRAINT unrecorded")
	pushedBack(t, s, c, before, change, calls(s, "unrecorded", fake.OpPush)-pushes)
}

func TestAProcessThatCannotBeGivenItsConfigBackIsReplaced(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "tainted", title("Tainted"))
	before := instance(t, c, "tainted")
	s.Runtime.Inject(fake.Fault{Op: fake.OpPush, Workspace: "tainted", Err: errors.New("connection reset"), Times: 2})
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "tainted", Err: &runtime.BootError{Code: orbit.CodeBootFailed}, Times: 1})
	if change := declare(t, c, "tainted", title("Tainted")+endpoint); change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	within(t, "a process whose config is known", func() bool {
		now := instance(t, c, "tainted").Status
		return now.PID != 0 && now.PID != before.Status.PID && now.Phase == orbit.PhaseReady
	})
	remove(t, c, "tainted")
}

func TestALiveChangeThatIsNotTakenUpBecomesARestartWithAWarning(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	path := appconfig.Keys("proxy", "endpoints", endpointKey).String()
	for workspace, fault := range map[string]fake.Fault{
		"no-effect":    {NoEffect: []string{path}},
		"refused-push": {Err: errors.New("push_failed: listeners of the config failed")},
	} {
		t.Run(workspace, func(t *testing.T) {
			t.Parallel()
			declare(t, c, workspace, title("Deaf"))
			before := instance(t, c, workspace)
			fault.Op, fault.Workspace, fault.Times = fake.OpPush, workspace, 1
			s.Runtime.Inject(fault)
			change := declare(t, c, workspace, title("Deaf")+endpoint)
			applied(t, change, orbit.ImpactLive)
			if len(change.Warnings) != 1 || change.Warnings[0].Code != orbit.CodeNotTakenUp || change.Warnings[0].Severity != orbit.SeverityWarning {
				t.Errorf("the change's warnings are %+v, want one that says what was not taken up", change.Warnings)
			} else if fault.NoEffect != nil && change.Warnings[0].Path != path {
				t.Errorf("the warning names %q, want %q", change.Warnings[0].Path, path)
			}
			if after := instance(t, c, workspace); after.Status.PID == before.Status.PID {
				t.Error("the process that did not take the change up still serves")
			}
			if _, body := ask(t, s, workspace); !strings.Contains(body, endpointKey) {
				t.Errorf("the new process runs without the change: %s", body)
			}
			if said := event(t, c, workspace, "LiveChangeNotTakenUp"); said.Type != "Warning" || fault.NoEffect != nil && !strings.Contains(said.Message, path) {
				t.Errorf("the event is %+v, want a warning that names %s", said, path)
			}
			remove(t, c, workspace)
		})
	}
}

func TestAChangeIsWarnedOfOnceAlsoWhenOrbitdDiesOnTheWay(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	path := appconfig.Keys("proxy", "endpoints", endpointKey).String()
	declare(t, c, "twice", title("Twice"))
	s.Runtime.Inject(fake.Fault{Op: fake.OpPush, Workspace: "twice", NoEffect: []string{path}})
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "twice"})
	change := put(t, c, "twice", title("Twice")+endpoint)
	reached()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	release()
	change = settle(t, managertest.ClientOf(t, s), change)
	applied(t, change, orbit.ImpactLive)
	if len(change.Warnings) != 1 {
		t.Errorf("the change's warnings are %v, want one", change.Warnings)
	}
}

func TestALiveChangeThatIsNotTakenUpFailsWhereNoRestartMayHappen(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	path := appconfig.Keys("proxy", "endpoints", endpointKey).String()
	for workspace, policy := range map[string]orbit.RestartPolicy{"deaf-forbid": orbit.RestartForbid, "deaf-manual": orbit.RestartManual} {
		t.Run(workspace, func(t *testing.T) {
			t.Parallel()
			restarts := func(w *orbit.InstanceWrite) { w.RestartPolicy = policy }
			declare(t, c, workspace, title("Deaf"), restarts)
			before, pushes := instance(t, c, workspace), calls(s, workspace, fake.OpPush)
			s.Runtime.Inject(fake.Fault{Op: fake.OpPush, Workspace: workspace, NoEffect: []string{path}, Times: 1})
			change := declare(t, c, workspace, title("Deaf")+endpoint, restarts)
			pushedBack(t, s, c, before, change, calls(s, workspace, fake.OpPush)-pushes)
			if p := change.Problem; p == nil || p.Code != orbit.CodePushFailed || !strings.Contains(p.Detail, path) || !strings.Contains(p.Detail, string(policy)) {
				t.Errorf("the problem is %v, want push_failed with %s and %s", p, path, policy)
			}
			remove(t, c, workspace)
		})
	}
}

// event is the newest event with the reason.
func event(t *testing.T, c *orbit.Client, workspace, reason string) orbit.Event {
	t.Helper()
	events, err := c.ListEvents(t.Context(), workspace, orbit.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Items {
		if e.Reason == reason {
			return e
		}
	}
	t.Errorf("there is no event %s", reason)
	return orbit.Event{}
}

func TestALiveChangeThatMeetsACrashIsApplied(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "unlucky", title("Unlucky"))
	reached, release := hold(t, s, fake.Fault{Op: fake.OpPush, Workspace: "unlucky", Err: errors.New("connection reset")})
	change := put(t, c, "unlucky", title("Unlucky")+endpoint)
	reached()
	s.Runtime.Kill("unlucky")
	release()
	applied(t, settle(t, c, change), orbit.ImpactLive)
	if _, body := ask(t, s, "unlucky"); !strings.Contains(body, endpointKey) {
		t.Errorf("the new process runs without the change: %s", body)
	}
	remove(t, c, "unlucky")
}

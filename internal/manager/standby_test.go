package manager_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// one waits until one process of the workspace is left and returns it.
func one(t *testing.T, s *managertest.Server, workspace string) *fake.Process {
	t.Helper()
	within(t, "one process of "+workspace+" to be left", func() bool { return len(s.Runtime.Processes(workspace)) == 1 })
	return s.Runtime.Processes(workspace)[0]
}

// limited declares another memory limit.
func limited(mib int) func(*orbit.InstanceWrite) {
	return func(w *orbit.InstanceWrite) { w.MemoryLimitMiB = mib }
}

func TestGreenLoadsWhileChangesGather(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "eager", title("A"))
	before := starts(s, "eager")
	applied(t, declare(t, c, "eager", title("B")), orbit.ImpactRestart)
	if got := starts(s, "eager") - before; got != 1 {
		t.Errorf("%d processes were started, want 1: the one that stood by", got)
	}
	connection, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	var early bool
	err = connection.QueryRow(t.Context(), "SELECT p.created_at < e.at FROM processes p, events e "+
		"WHERE p.workspace = 'eager' AND p.role = 'serving' AND e.workspace = p.workspace AND e.reason = 'RolloutStarted'").Scan(&early)
	if err != nil {
		t.Fatal(err)
	}
	if !early {
		t.Error("the process was started when the rollout began, want before it, while it waited for company")
	}
	remove(t, c, "eager")
}

func TestAStandbyOfAnotherKindIsReplaced(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "changed-kind", title("A"))
	reached, release := hold(t, s, fake.Fault{Op: fake.OpStart, Workspace: "changed-kind"})
	first := put(t, c, "changed-kind", title("B"))
	reached()
	second := put(t, c, "changed-kind", title("B"), limited(2048))
	release()
	settle(t, c, first)
	applied(t, settle(t, c, second), orbit.ImpactRestart)
	if got := one(t, s, "changed-kind").Spec().MemoryLimitMiB; got != 2048 {
		t.Errorf("the process that serves has a limit of %d MiB, want 2048", got)
	}
	remove(t, c, "changed-kind")
}

func TestAStandbyThatIsNotNeededIsEnded(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "undecided", title("A"))
	before := instance(t, c, "undecided").Status.PID
	reached, release := hold(t, s, fake.Fault{Op: fake.OpStart, Workspace: "undecided"})
	there := put(t, c, "undecided", title("B"))
	reached()
	back := put(t, c, "undecided", title("A"))
	release()
	settle(t, c, there)
	settle(t, c, back)
	if p := one(t, s, "undecided"); p.Address() == "" {
		t.Error("the process that is left only stands by")
	}
	if now := instance(t, c, "undecided").Status.PID; now == before && calls(s, "undecided", fake.OpActivate) != 1 {
		t.Errorf("pid %d serves still, and another process was given a config", now)
	}
	remove(t, c, "undecided")
}

func TestTheDeletionEndsAStandby(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "unneeded", title("A"))
	reached, _ := hold(t, s, fake.Fault{Op: fake.OpStart, Workspace: "unneeded"})
	put(t, c, "unneeded", title("B"))
	reached()
	remove(t, c, "unneeded")
	if left := s.Runtime.Processes("unneeded"); len(left) != 0 {
		t.Errorf("%d processes are left", len(left))
	}
}

func TestAStandbyThatDiedIsReplaced(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "fragile", title("A"))
	before := starts(s, "fragile")
	s.Runtime.Inject(fake.Fault{Op: fake.OpStart, Workspace: "fragile", Die: true, Times: 1})
	applied(t, declare(t, c, "fragile", title("B")), orbit.ImpactRestart)
	if got := starts(s, "fragile") - before; got != 2 {
		t.Errorf("%d processes were started, want 2", got)
	}
	remove(t, c, "fragile")
}

func TestAStandbyThatCannotLoadFailsTheChange(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "unloadable", title("A"))
	before := starts(s, "unloadable")
	s.Runtime.Inject(fake.Fault{Op: fake.OpStart, Workspace: "unloadable", Times: 1,
		Err: &runtime.BootError{Code: orbit.CodeLoadFailed, Plugin: brokenPlugin, Message: "Cannot find module"}})
	change := declare(t, c, "unloadable", title("B"))
	if change.State != orbit.ChangeFailed || change.Problem.Code != orbit.CodeLoadFailed || change.Problem.Plugin != brokenPlugin {
		t.Errorf("the change is %s (%v), want failed to load", change.State, change.Problem)
	}
	if got := starts(s, "unloadable") - before; got != 1 {
		t.Errorf("%d processes were started, want 1", got)
	}
	if status, _ := ask(t, s, "unloadable"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
	remove(t, c, "unloadable")
}

func TestInstancesOfOneUserShareStandbys(t *testing.T) {
	t.Parallel()
	s, c := serverWith(t, managertest.Options{SharedUser: true})
	standbys := func(n int) {
		t.Helper()
		within(t, "the pool to be filled", func() bool { return len(s.Runtime.Standbys()) == n })
	}
	declare(t, c, "one", title("One"))
	standbys(1)
	declare(t, c, "two", title("Two")) // its first boot
	if n, assigned := starts(s, "two"), calls(s, "two", fake.OpAssign); n != 0 || assigned != 1 {
		t.Errorf("the second instance was given %d new processes and %d standbys, want a standby", n, assigned)
	}
	standbys(1)
	before := starts(s, "one")
	applied(t, declare(t, c, "one", title("Changed")), orbit.ImpactRestart)
	if n := starts(s, "one") - before; n != 0 {
		t.Errorf("the restart started %d processes, want 0", n)
	}
	if status, _ := ask(t, s, "one"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
	declare(t, c, "large", title("Large"), limited(2048))
	standbys(2)
	declare(t, c, "huge", title("Huge"), limited(4096))
	if n := starts(s, "huge"); n != 1 {
		t.Errorf("the instance of another kind was given %d new processes, want 1", n)
	}
	if n := len(s.Runtime.Standbys()); n > 2 {
		t.Errorf("%d processes stand by, want 2 at most", n)
	}
}

func TestAStandbyThatCannotBeAssignedIsReplaced(t *testing.T) {
	t.Parallel()
	s, c := serverWith(t, managertest.Options{SharedUser: true})
	declare(t, c, "one", title("One"))
	within(t, "the pool to be filled", func() bool { return len(s.Runtime.Standbys()) == 1 })
	s.Runtime.Inject(fake.Fault{Op: fake.OpAssign, Err: http.ErrAbortHandler, Times: 1})
	applied(t, declare(t, c, "one", title("Changed")), orbit.ImpactRestart)
	one(t, s, "one")
}

func TestNoStandbyOutlivesItsOrbitd(t *testing.T) {
	t.Parallel()
	s, c := serverWith(t, managertest.Options{SharedUser: true})
	declare(t, c, "kept", title("Kept"))
	within(t, "the pool to be filled", func() bool { return len(s.Runtime.Standbys()) == 1 })
	pooled := s.Runtime.Standbys()[0]
	if err := s.Manager.Close(); err != nil {
		t.Fatal(err)
	}
	if left := s.Runtime.Standbys(); len(left) != 0 {
		t.Errorf("an orbitd that ended left %d standbys, %s among them", len(left), pooled.Spec().ID)
	}
	// One that is killed cannot end its own.
	orphan, err := s.Runtime.Start(t.Context(), runtime.Spec{ID: "orphan"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-orphan.Exited():
	default:
		t.Error("the next orbitd did not end the standby of one that was killed")
	}
	if _, err := s.Runtime.Start(t.Context(), runtime.Spec{ID: "orphan-2"}); err != nil {
		t.Fatal(err)
	}
	dataDir := filepath.Dir(s.Manager.TokenFile())
	if err := s.Close(); err != nil {
		t.Fatalf("stop all in %s: %v", dataDir, err)
	}
	stopped := 0
	for _, call := range s.Runtime.Calls() {
		if call.Op == fake.OpStop && call.ID == "orphan-2" {
			stopped++
		}
	}
	if stopped != 1 {
		t.Errorf("stopping all stopped the orphan %d times, want once", stopped)
	}
}

func TestAnUpgradeLoadsItsPackagesBeforeRequestsWait(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withPluginOne(t, c, "prepared")
	one(t, s, "prepared")
	before := len(order(s, "prepared", fake.OpStart, fake.OpStop))
	applied(t, settle(t, c, upgrade(t, c, "prepared", "")), orbit.ImpactUpgrade)
	if got := order(s, "prepared", fake.OpStart, fake.OpStop)[before:]; !slices.Equal(got, []fake.Op{fake.OpStart, fake.OpStop}) {
		t.Errorf("the calls were %v, want the new process to load before the old one is stopped", got)
	}
	remove(t, c, "prepared")
}

func TestAnUpgradeWhosePackagesDoNotLoadTouchesNothing(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withPluginOne(t, c, "unprepared")
	pid := instance(t, c, "unprepared").Status.PID
	s.Runtime.Inject(fake.Fault{Op: fake.OpStart, Workspace: "unprepared", Times: 1,
		Err: &runtime.BootError{Code: orbit.CodeLoadFailed, Plugin: upgraded, Message: "Cannot find module"}})
	if change := settle(t, c, upgrade(t, c, "unprepared", "")); change.State != orbit.ChangeFailed || change.Problem.Code != orbit.CodeLoadFailed {
		t.Errorf("the change is %s (%v), want failed to load", change.State, change.Problem)
	}
	if now := instance(t, c, "unprepared").Status.PID; now != pid {
		t.Errorf("pid %d serves, want %d still", now, pid)
	}
	remove(t, c, "unprepared")
}

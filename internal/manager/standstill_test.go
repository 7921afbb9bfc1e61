package manager_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestAnUpgradeThatCannotStopTheProcessBeforeLetsItServeOn(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withPluginOne(t, c, "unstoppable")
	within(t, "one process to be left", func() bool { return len(s.Runtime.Processes("unstoppable")) == 1 })
	pid := instance(t, c, "unstoppable").Status.PID
	s.Runtime.Inject(fake.Fault{Op: fake.OpStop, Workspace: "unstoppable", Err: errors.New("it does not end"), Times: 1})
	if change := settle(t, c, upgrade(t, c, "unstoppable", "")); change.State != orbit.ChangeFailed {
		t.Errorf("the change is %s, want failed", change.State)
	}
	if status, _ := ask(t, s, "unstoppable"); status != http.StatusOK {
		t.Errorf("the page answers %d, want 200", status)
	}
	if now := instance(t, c, "unstoppable").Status.PID; now != pid {
		t.Errorf("pid %d serves, want %d still", now, pid)
	}
	remove(t, c, "unstoppable")
}

func TestAnOrbitdThatEndsInAnUpgradeEndsPromptly(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	withPluginOne(t, c, "prompt")
	before := calls(s, "prompt", fake.OpActivate)
	reached, _ := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "prompt"})
	_, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "prompt"}) // what ran before, should it be brought back
	upgrade(t, c, "prompt", "")
	reached()
	closed := make(chan error, 1)
	go func() { closed <- s.Manager.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Errorf("orbitd ends with %v", err)
		}
	case <-time.After(patience):
		t.Errorf("orbitd has not ended within %v", patience)
		release()
		<-closed
	}
	if got := calls(s, "prompt", fake.OpActivate) - before; got != 1 {
		t.Errorf("%d processes were activated, want the upgrade's alone", got)
	}
}

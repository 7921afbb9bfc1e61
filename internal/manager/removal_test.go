package manager_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// unwanted is a plugin that tests remove, and unwantedKey a key that only its app-config has.
const (
	unwanted    = "@acme/plugin-unwanted-backend"
	unwantedKey = "unwantedKey"
)

// withUnwanted declares an instance with the plugin.
func withUnwanted(t *testing.T, s *managertest.Server, c *orbit.Client, workspace string) {
	t.Helper()
	declare(t, c, workspace, title(workspace))
	applied(t, plugins(t, c, workspace, map[string]string{unwanted: unwantedKey + ": {}\n"})[unwanted], orbit.ImpactRestart)
	if _, body := ask(t, s, workspace); !strings.Contains(body, unwantedKey) {
		t.Fatalf("the process runs without the plugin: %s", body)
	}
}

// removePlugin removes a plugin, which nobody waits for.
func removePlugin(t *testing.T, c *orbit.Client, workspace, name string) {
	t.Helper()
	if _, err := c.DeletePlugin(t.Context(), workspace, name, orbit.Precondition{}); err != nil {
		t.Fatal(err)
	}
}

// runsWithout waits until a process serves that does not have the plugin.
func runsWithout(t *testing.T, s *managertest.Server, workspace string) {
	t.Helper()
	within(t, "a process without the removed plugin", func() bool {
		status, body := ask(t, s, workspace)
		return status == http.StatusOK && !strings.Contains(body, unwantedKey)
	})
}

func TestARemovalIsRolledOutAlsoWhenTheChangeThatJoinedItFails(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withUnwanted(t, s, c, "joined")
	removePlugin(t, c, "joined", unwanted)
	if change := declare(t, c, "joined", title(brokenTitle)); change.State != orbit.ChangeFailed {
		t.Fatalf("the change that joined is %s, want failed", change.State)
	}
	runsWithout(t, s, "joined")
	remove(t, c, "joined")
}

func TestARemovalWhoseRolloutFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withUnwanted(t, s, c, "persistent")
	s.Runtime.Inject(fake.Fault{Op: fake.OpStart, Workspace: "persistent", Err: errors.New("no memory at the moment"), Times: 1})
	before := starts(s, "persistent")
	removePlugin(t, c, "persistent", unwanted)
	runsWithout(t, s, "persistent")
	if got := starts(s, "persistent") - before; got != 2 {
		t.Errorf("%d processes were started, want 2: the one that failed and the one that serves", got)
	}
	remove(t, c, "persistent")
}

func TestAPluginThatWasRemovedAndMadeAnewIsNotPutBackToWhatItWasBefore(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	withPluginOne(t, c, "anew")
	no := &runtime.BootError{Code: orbit.CodeBootFailed, Message: "something is wrong"}
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "anew", Err: no})
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "anew", Times: 1}) // what ran before comes back
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "anew", Times: 1, Err: no})
	update := upgrade(t, c, "anew", "")
	reached()
	removePlugin(t, c, "anew", upgraded)
	creation := putPlugin(t, c, "anew", upgraded, "3.0.0")
	release()
	for what, change := range map[string]*orbit.Change{"update": update, "creation": creation} {
		if change = settle(t, c, change); change.State != orbit.ChangeFailed {
			t.Errorf("the %s is %s, want failed", what, change.State)
		}
	}
	if plugin, err := c.GetPlugin(t.Context(), "anew", upgraded); !orbit.IsNotFound(err) {
		t.Errorf("the removed plugin is declared again, as %+v (%v)", plugin, err)
	}
	remove(t, c, "anew")
}

package operator_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// shared is what the tests have in common.
var shared = managertest.Shared{Options: managertest.Options{Boot: refuseBroken}}

func TestMain(m *testing.M) { os.Exit(shared.Run(m)) }

// server returns the shared orbitd and its client.
func server(t *testing.T) (*managertest.Server, *orbit.Client) {
	t.Helper()
	s := shared.Server(t)
	return s, managertest.ClientOf(t, s)
}

// ownServer returns an orbitd that no other test uses.
func ownServer(t *testing.T, o managertest.Options) (*managertest.Server, *orbit.Client) {
	t.Helper()
	s := shared.Open(t, o)
	return s, managertest.ClientOf(t, s)
}

// refuseBroken makes a document with this title one that an instance does not start with.
func refuseBroken(_, _ string, boot runtime.Boot) error {
	if !strings.Contains(string(boot.Document), `"broken"`) {
		return nil
	}
	return &runtime.BootError{
		Code: orbit.CodeBootFailed, Plugin: "@acme/plugin-argocd-backend", Message: "Missing required config value at 'argocd.url'",
		LogTail: []string{`{"level":"error","plugin":"argocd","message":"the token hunter2hunter2 of <script>alert(1)</script> is refused"}`},
	}
}

// settleTime bounds the wait for a change.
const settleTime = 2 * time.Minute

// declare writes an instance with the app-config and waits for its fate.
func declare(t *testing.T, c *orbit.Client, workspace, config string, modify ...func(*orbit.InstanceWrite)) *orbit.Change {
	t.Helper()
	write := orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", Config: config, MemoryLimitMiB: 1024}}
	for _, m := range modify {
		m(&write)
	}
	on := orbit.IfAbsent()
	if current, err := c.GetInstance(t.Context(), workspace); err == nil {
		on = orbit.IfMatch(current.ETag)
	}
	return settle(t, c)(c.PutInstance(t.Context(), workspace, on, write))
}

// settle waits for the fate of a change that was accepted.
func settle(t *testing.T, c *orbit.Client) func(*orbit.Change, error) *orbit.Change {
	t.Helper()
	return func(change *orbit.Change, err error) *orbit.Change {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), settleTime)
		defer cancel()
		settled, err := c.WaitChange(ctx, change.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		return settled
	}
}

// newToken makes a token, of one workspace or with "" of all.
func newToken(t *testing.T, c *orbit.Client, workspace string, role orbit.Role) *orbit.Token {
	t.Helper()
	token, err := c.CreateToken(t.Context(), workspace, orbit.TokenWrite{Role: role, Description: "for " + t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

package manager_test

import (
	"os"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// shared is what the tests have in common.
var shared = managertest.Shared{Options: managertest.Options{Boot: boot}}

func TestMain(m *testing.M) { os.Exit(shared.Run(m)) }

// server returns the shared orbitd and its client.
func server(t *testing.T) (*managertest.Server, *orbit.Client) {
	t.Helper()
	s := shared.Server(t)
	return s, managertest.ClientOf(t, s)
}

// ownServer returns an orbitd that no other test uses.
func ownServer(t *testing.T) (*managertest.Server, *orbit.Client) {
	t.Helper()
	return serverWith(t, managertest.Options{})
}

// serverWith returns an orbitd that no other test uses, with these options.
func serverWith(t *testing.T, o managertest.Options) (*managertest.Server, *orbit.Client) {
	t.Helper()
	s := shared.Open(t, o)
	return s, managertest.ClientOf(t, s)
}

const (
	// brokenTitle is a title with which an instance does not start, and brokenPlugin the package that is named for it.
	brokenTitle  = "broken"
	brokenPlugin = "@acme/plugin-broken-backend"
	// namelessTitle is one for which no package is named.
	namelessTitle = "nameless"
)

// refuseBroken makes a document with one of these titles a boot that fails, as a plugin that throws would.
func refuseBroken(_, _ string, boot runtime.Boot) error {
	document := string(boot.Document)
	switch {
	case strings.Contains(document, `"`+brokenTitle+`"`):
		return &runtime.BootError{
			Code: orbit.CodeBootFailed, Plugin: brokenPlugin, Message: "Missing required config value at 'acme.key'",
			LogTail: []string{"the secret is hunter2hunter2"},
		}
	case strings.Contains(document, `"`+namelessTitle+`"`):
		return &runtime.BootError{Code: orbit.CodeBootFailed, Message: "something is wrong"}
	default:
		return nil
	}
}

package manager_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// shared is the orbitd of all tests that only need a workspace of their own in one.
var shared struct {
	once   sync.Once
	server *managertest.Server
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		if err := shared.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "close the shared orbitd:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// server returns the shared orbitd and its client.
func server(t *testing.T) (*managertest.Server, *orbit.Client) {
	t.Helper()
	shared.once.Do(func() {
		shared.server, shared.err = managertest.Start(t.Context(), managertest.Options{Boot: boot, Logger: logger()})
	})
	if errors.Is(shared.err, managertest.ErrNoBundle) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server, client(t, shared.server)
}

// ownServer returns an orbitd that no other test uses.
func ownServer(t *testing.T) (*managertest.Server, *orbit.Client) {
	t.Helper()
	return serverWith(t, managertest.Options{})
}

// serverWith returns an orbitd that no other test uses, with these options.
func serverWith(t *testing.T, o managertest.Options) (*managertest.Server, *orbit.Client) {
	t.Helper()
	o.Boot = boot
	if o.Logger == nil {
		o.Logger = logger()
	}
	s, err := managertest.Start(t.Context(), o)
	if errors.Is(err, managertest.ErrNoBundle) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close orbitd: %v", err)
		}
	})
	return s, client(t, s)
}

// logger shows orbitd's log where ORBIT_TEST_LOG is set.
func logger() *slog.Logger {
	if os.Getenv("ORBIT_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func client(t *testing.T, s *managertest.Server) *orbit.Client {
	t.Helper()
	c, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	return c
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

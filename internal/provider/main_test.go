package provider_test

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// sharedManager is the orbitd of all acceptance tests, each of which has workspaces of its own in it.
var sharedManager struct {
	once   sync.Once
	server *managertest.Server
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if sharedManager.server != nil {
		if err := sharedManager.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "close orbitd:", err)
			code = max(code, 1)
		}
	}
	if dir, err := programs(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// startManager returns the endpoint and token of the shared orbitd.
func startManager(t *testing.T) (endpoint, token string) {
	t.Helper()
	sharedManager.once.Do(func() {
		sharedManager.server, sharedManager.err = managertest.Start(t.Context(), managertest.Options{Boot: refuseBroken})
	})
	if sharedManager.err != nil {
		t.Fatal(sharedManager.err)
	}
	token, err := sharedManager.server.Token()
	if err != nil {
		t.Fatal(err)
	}
	return sharedManager.server.Manager.APIURL(), token
}

// refuseBroken is a Backstage that does not start with the title "broken".
func refuseBroken(_, _ string, boot runtime.Boot) error {
	if bytes.Contains(boot.Document, []byte(`"title":"broken"`)) {
		return &runtime.BootError{
			Code: orbit.CodeBootFailed, Message: "Missing required config value at 'acme.key'", LogTail: []string{"the last line"},
		}
	}
	return nil
}

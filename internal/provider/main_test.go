package provider_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// shared has the orbitd of all acceptance tests, each of which has workspaces of its own in it.
var shared = managertest.Shared{Options: managertest.Options{Boot: refuseBroken}}

func TestMain(m *testing.M) {
	code := shared.Run(m)
	if dir, err := programs(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// startManager returns the endpoint and token of the shared orbitd.
func startManager(t *testing.T) (endpoint, token string) {
	t.Helper()
	s := shared.Server(t)
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	return s.Manager.APIURL(), token
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

package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestTokensAreMadeListedAndRevokedFromTheCommandLine(t *testing.T) {
	t.Parallel()
	s := managertest.Open(t, managertest.Options{})
	dataDir := filepath.Dir(s.Manager.TokenFile())
	secret, err := orbitd(t, s, dataDir, "create", "--role", "workspace_admin", "--workspace", "acme", "--description", "for acme's pipeline", "--lifetime", "24h")
	if err != nil {
		t.Fatal(err)
	}
	acme, err := orbit.NewClient(orbit.ClientOptions{Endpoint: s.Manager.APIURL(), Token: strings.TrimSuffix(secret, "\n")})
	if err != nil {
		t.Fatal(err)
	}
	page, err := acme.ListTokens(t.Context(), "acme", orbit.PageOptions{})
	if err != nil || len(page.Items) != 1 || page.Items[0].ExpiresAt == nil {
		t.Fatalf("signed in with what was printed the tokens are %+v, %v", page, err)
	}
	id := page.Items[0].ID
	for _, arguments := range [][]string{{"ls"}, {"ls", "--workspace", "acme"}} {
		list, err := orbitd(t, s, dataDir, arguments...)
		if err != nil || !strings.Contains(list, id) || !strings.Contains(list, "for acme's pipeline") {
			t.Errorf("%v prints %s, %v", arguments, list, err)
		}
	}
	if out, err := orbitd(t, s, dataDir, "revoke", id); err != nil || out != "revoked "+id+"\n" {
		t.Errorf("revoke prints %s, %v", out, err)
	}
	if _, err := acme.ListTokens(t.Context(), "acme", orbit.PageOptions{}); !orbit.HasCode(err, orbit.CodeUnauthorized) {
		t.Errorf("after its revocation: %v", err)
	}
	for what, wrong := range map[string]struct {
		dataDir   string
		arguments []string
		says      string
	}{
		"a role that a token of all cannot have": {dataDir, []string{"create", "--role", "workspace_admin"}, "admin or reader"},
		"no role of any kind":                    {dataDir, []string{"create", "--role", "owner"}, "role"},
		"a lifetime in the past":                 {dataDir, []string{"create", "--role", "reader", "--lifetime", "-1h"}, "--lifetime"},
		"no id":                                  {dataDir, []string{"revoke"}, "orbitd token ls"},
		"an id that is gone":                     {dataDir, []string{"revoke", id}, "not found"},
		"another data directory":                 {t.TempDir(), []string{"ls"}, "--data-dir"},
	} {
		if _, err := orbitd(t, s, wrong.dataDir, wrong.arguments...); err == nil || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s: %v, want that it says %q", what, err, wrong.says)
		}
	}
}

// orbitd runs `orbitd token` and returns what it prints.
func orbitd(t *testing.T, s *managertest.Server, dataDir string, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := command()
	root.Writer, root.ErrWriter = &out, io.Discard
	all := append([]string{"orbitd", "--data-dir", dataDir, "token", arguments[0], "--endpoint", s.Manager.APIURL()}, arguments[1:]...)
	err := root.Run(t.Context(), all)
	return out.String(), err
}

package manager_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth/issuer/issuertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestRunsOfHCPTerraformSignIn(t *testing.T) {
	t.Parallel()
	i := issuertest.New(t)
	file := filepath.Join(t.TempDir(), "sign-in.yaml")
	content := fmt.Sprintf(`issuers:
  - issuer: %s
    audiences: [orbit]
    rules:
      - {claims: {terraform_organization_name: acme, terraform_run_phase: plan}, role: reader, workspace_from: terraform_workspace_name}
      - {claims: {terraform_organization_name: acme, terraform_run_phase: apply}, role: workspace_admin, workspace_from: terraform_workspace_name}
`, i.URL)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s, root := serverWith(t, managertest.Options{SignInFile: file})
	declare(t, root, "portal", "")
	token := func(organization, phase string) string { return i.Sign(t, i.Run(organization, "portal", phase)) }
	i.Down(true)
	expect(t, "the issuer is down", read(t, s, token("acme", "plan"), "portal"), http.StatusServiceUnavailable, "does not answer now")
	i.Down(false)
	if err := s.Restart(t.Context()); err != nil { // or wait until the issuer may be asked again
		t.Fatal(err)
	}
	expect(t, "a plan reads", read(t, s, token("acme", "plan"), "portal"), http.StatusOK, "")
	expect(t, "a plan writes", write(t, s, token("acme", "plan"), "portal"), http.StatusForbidden, "")
	expect(t, "an apply reads", read(t, s, token("acme", "apply"), "portal"), http.StatusOK, "")
	expect(t, "an apply writes", write(t, s, token("acme", "apply"), "portal"), http.StatusConflict, "")
	expect(t, "an apply writes elsewhere", write(t, s, token("acme", "apply"), "other"), http.StatusForbidden, "")
	expect(t, "another organization", read(t, s, token("globex", "apply"), "portal"), http.StatusUnauthorized, "rule 1 fails at terraform_organization_name")
	expect(t, "another issuer", read(t, s, issuertest.New(t).Sign(t, i.Run("acme", "portal", "plan")), "portal"), http.StatusUnauthorized, "signature")
}

// signedIn returns a client that signs in with the token, and tries nothing again.
func signedIn(t *testing.T, s *managertest.Server, token string) *orbit.Client {
	t.Helper()
	c, err := orbit.NewClient(orbit.ClientOptions{Endpoint: s.Manager.APIURL(), Token: token, RetryMax: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// read asks for an instance.
func read(t *testing.T, s *managertest.Server, token, workspace string) error {
	t.Helper()
	_, err := signedIn(t, s, token).GetInstance(t.Context(), workspace)
	return err
}

// write declares an instance, which may not be there.
func write(t *testing.T, s *managertest.Server, token, workspace string) error {
	t.Helper()
	_, err := signedIn(t, s, token).PutInstance(t.Context(), workspace, orbit.IfAbsent(), small(""))
	return err
}

// expect holds what a request came to against a status, 200 standing for success, and words of the problem.
func expect(t *testing.T, what string, err error, status int, says string) {
	t.Helper()
	var problem *orbit.Problem
	switch {
	case status == http.StatusOK:
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	case !errors.As(err, &problem) || problem.Status != status || !strings.Contains(problem.Detail, says):
		t.Errorf("%s: %v, want status %d and %q", what, err, status, says)
	}
}

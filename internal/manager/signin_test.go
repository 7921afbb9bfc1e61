package manager_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth/issuer/issuertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestAnAdminOfAConfiguredIssuerSignsIn(t *testing.T) {
	t.Parallel()
	i := issuertest.New(t)
	file := filepath.Join(t.TempDir(), "sign-in.yaml")
	content := fmt.Sprintf("issuers: [{issuer: %s, audiences: [%s], rules: [{claims: {terraform_organization_name: acme}, role: admin}]}]",
		i.URL, issuertest.Audience)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := serverWith(t, managertest.Options{SignInFile: file})
	for organization, want := range map[string]bool{"acme": true, "globex": false} {
		c, err := orbit.NewClient(orbit.ClientOptions{Endpoint: s.Manager.APIURL(), Token: i.Sign(t, i.Run(organization, "platform", "apply"))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ListInstances(t.Context(), orbit.InstanceQuery{}); (err == nil) != want {
			t.Errorf("a run of %s lists the instances: %v, want success %v", organization, err, want)
		}
	}
}

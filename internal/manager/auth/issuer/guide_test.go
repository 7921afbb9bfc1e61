package issuer

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth/issuer/issuertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The guide's sign-in files do what it says that they do.
func TestTheGuidesSignInFiles(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../../../templates/guides/hcp-terraform.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string][]rule{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(issuers:.*?)```").FindAllSubmatch(guide, -1) {
		configs, err := parse(block[1])
		if err != nil {
			t.Fatalf("%v in\n%s", err, block[1])
		}
		rules[configs[0].Issuer] = configs[0].Rules
	}
	run := func(workspace, phase string) claims { return issuertest.Unserved(t).Run("acme", workspace, phase) }
	job := func(ref, event string) claims {
		return claims{"repository": "acme/portals", "ref": ref, "event_name": event}
	}
	const terraform, actions = "https://app.terraform.io", "https://token.actions.githubusercontent.com"
	for _, c := range []struct {
		issuer string
		of     claims
		want   auth.Principal // without a role: none
	}{
		{terraform, run("orbit", "apply"), auth.Principal{Role: orbit.RoleAdmin}},
		{terraform, run("orbit", "plan"), auth.Principal{Role: orbit.RoleReader}},
		{terraform, run("portal-payments", "apply"), auth.Principal{Role: orbit.RoleWorkspaceAdmin, Workspace: "payments"}},
		{terraform, run("portal-payments", "plan"), auth.Principal{Role: orbit.RoleReader, Workspace: "payments"}},
		{terraform, run("website", "apply"), auth.Principal{}},
		{terraform, issuertest.Unserved(t).Run("globex", "orbit", "apply"), auth.Principal{}},
		{actions, job("refs/heads/main", "push"), auth.Principal{Role: orbit.RoleAdmin}},
		{actions, job("refs/pull/1/merge", "pull_request"), auth.Principal{Role: orbit.RoleReader}},
	} {
		got, err := decide(rules[c.issuer], c.of)
		if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != (c.want.Role != "") {
			said, _ := json.Marshal(c.of)
			t.Errorf("%s: error %v, principal (-want +got):\n%s", said, err, diff)
		}
	}
}

package issuer

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestPatternsOfClaims(t *testing.T) {
	t.Parallel()
	const token = `{
		"sub": "organization:acme:workspace:portal", "empty": "", "lines": "a\nb",
		"admin": true, "id": 12345678901, "ratio": 1.5, "nothing": null,
		"groups": ["dev", "ops", 7], "none": [],
		"kubernetes.io": {"namespace": "orbit", "serviceaccount": {"name": "deployer"}},
		"a": {"b": "inside"}, "a.b": "beside"
	}`
	var of claims
	if err := json.Unmarshal([]byte(token), &of); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		claim, pattern string
		want           bool
	}{
		{"sub", "organization:acme:workspace:portal", true},
		{"sub", "organization:acme:*", true},
		{"sub", "*:portal", true},
		{"sub", "*acme*", true},
		{"sub", "*", true},
		{"sub", "organization:acme", false},
		{"sub", "organization:acm?:*", false},
		{"sub", "Organization:*", false},
		{"sub", "organization.acme*", false},
		{"empty", "*", true},
		{"lines", "a*b", true},
		{"lines", "a", false},
		{"admin", "true", true},
		{"admin", "false", false},
		{"id", "12345678901", true},
		{"ratio", "1.5", true},
		{"nothing", "*", false},
		{"missing", "*", false},
		{"groups", "ops", true},
		{"groups", "7", false},
		{"groups", "dev,ops", false},
		{"none", "*", false},
		{"kubernetes.io", "*", false},
		{"kubernetes.io.namespace", "orbit", true},
		{"kubernetes.io.serviceaccount.name", "deployer", true},
		{"kubernetes.io.serviceaccount.uid", "*", false},
		{"a.b", "beside", true},
		{"a.b", "inside", false},
	} {
		r := rule{Claims: map[string]string{c.claim: c.pattern}, Role: orbit.RoleReader}
		if errs := r.check(); len(errs) > 0 {
			t.Fatal(errs)
		}
		if got := len(r.misses(of)) == 0; got != c.want {
			t.Errorf("%s against %q: %v, want %v", c.claim, c.pattern, got, c.want)
		}
	}
}

func TestTheFirstRuleThatMatchesDecides(t *testing.T) {
	t.Parallel()
	rules := []rule{
		{Claims: map[string]string{"team": "a", "phase": "apply"}, Role: orbit.RoleAdmin},
		{Claims: map[string]string{"team": "a"}, Role: orbit.RoleReader, WorkspaceFrom: "of.workspace"},
		{Claims: map[string]string{"team": "*"}, Role: orbit.RoleWorkspaceAdmin, Workspace: "shared"},
	}
	for i := range rules {
		if errs := rules[i].check(); len(errs) > 0 {
			t.Fatal(errs)
		}
	}
	for _, c := range []struct {
		of        claims
		role      orbit.Role
		workspace string
		fails     string
	}{
		{of: claims{"team": "a", "phase": "apply"}, role: orbit.RoleAdmin},
		{of: claims{"team": "a", "of": map[string]any{"workspace": "x"}}, role: orbit.RoleReader, workspace: "x"},
		{of: claims{"team": "b"}, role: orbit.RoleWorkspaceAdmin, workspace: "shared"},
		{of: claims{"team": "a"}, fails: "rule 2 matches, but the claim of.workspace"},
		{of: claims{}, fails: "rule 1 fails at phase, team; rule 2 fails at team; rule 3 fails at team"},
	} {
		got, err := decide(rules, c.of)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v: error %v, want %q", c.of, err, c.fails)
			}
			continue
		}
		if err != nil || got.Role != c.role || got.Workspace != c.workspace {
			t.Errorf("%v: %+v, %v; want %s of %q", c.of, got, err, c.role, c.workspace)
		}
	}
}

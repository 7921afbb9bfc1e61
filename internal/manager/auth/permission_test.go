package auth_test

import (
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestWhoeverIsLimitedToAWorkspaceChangesNothingBeyondIt(t *testing.T) {
	t.Parallel()
	limited := auth.Principal{Subject: "x", Role: orbit.RoleWorkspaceAdmin, Workspace: "acme"}
	for name, test := range map[string]struct {
		needs     auth.Permission
		workspace string
		may       bool
	}{
		"its own":                      {auth.Permission{Role: orbit.RoleWorkspaceAdmin, About: auth.AboutWorkspace}, "acme", true},
		"another's":                    {auth.Permission{Role: orbit.RoleWorkspaceAdmin, About: auth.AboutWorkspace}, "globex", false},
		"another's, to read":           {auth.Permission{Role: orbit.RoleReader, About: auth.AboutWorkspace}, "globex", false},
		"no workspace at all":          {auth.Permission{Role: orbit.RoleWorkspaceAdmin, About: auth.AboutWorkspace}, "", false},
		"what is common, to read":      {auth.Permission{Role: orbit.RoleReader, About: auth.AboutNone}, "", true},
		"what is common, to change":    {auth.Permission{Role: orbit.RoleWorkspaceAdmin, About: auth.AboutNone}, "", false},
		"what shows only its own":      {auth.Permission{Role: orbit.RoleReader, About: auth.AboutOwn}, "", true},
		"what the table forgot to say": {auth.Permission{}, "acme", false},
	} {
		if err := test.needs.Check(limited, test.workspace); (err == nil) != test.may {
			t.Errorf("%s: %v, want that it may: %t", name, err, test.may)
		}
	}
}

func TestNobodyMayAnythingWithoutSigningIn(t *testing.T) {
	t.Parallel()
	for _, about := range []auth.About{auth.AboutWorkspace, auth.AboutOwn, auth.AboutNone} {
		if err := (auth.Permission{Role: orbit.RoleReader, About: about}).Check(auth.FromContext(t.Context()), ""); err == nil {
			t.Errorf("nobody may read what is about %s", about)
		}
	}
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	t.Parallel()
	roles := []orbit.Role{orbit.RoleReader, orbit.RoleWorkspaceAdmin, orbit.RoleAdmin}
	for i, has := range roles {
		for j, gives := range roles {
			if got := (auth.Principal{Subject: "x", Role: has}).MayGive(gives); got != (j <= i) {
				t.Errorf("%s may give %s: %t", has, gives, got)
			}
		}
		if (auth.Principal{Subject: "x", Role: has}).MayGive("owner") {
			t.Errorf("%s may give a role of no kind", has)
		}
	}
	if (auth.Principal{}).MayGive(orbit.RoleReader) {
		t.Error("nobody may give a role")
	}
}

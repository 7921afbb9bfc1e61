package auth

import (
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Permission is what an operation asks of whoever wants it.
type Permission struct {
	// Role is the least that may do it: a reader is less than a workspace admin, who is less than an admin.
	Role orbit.Role
	// About says which workspaces it is about.
	About About
}

// About says which workspaces an operation is about, and so what of it is for those who are limited to one.
type About string

const (
	// AboutWorkspace is the workspace of the path: it is for those of this workspace.
	AboutWorkspace About = "workspace"
	// AboutOwn is whichever workspace the principal may see: the operation shows nothing of others.
	AboutOwn About = "own"
	// AboutNone is no workspace: those who are limited to one may do it where it is a reader's.
	AboutNone About = "none"
)

// Check returns nil where the principal may do the operation, else what it would need. The workspace is the path's, or "".
func (n Permission) Check(p Principal, workspace string) error {
	if p.valid() && rank(p.Role) >= rank(n.Role) && n.covers(p, workspace) {
		return nil
	}
	need := fmt.Sprintf("the role %s", n.Role)
	if n.About == AboutWorkspace {
		need += " of workspace " + workspace
	}
	return fmt.Errorf("it needs at least %s, and the token is that of %s", need, p)
}

// covers says whether the principal's workspace is one that the operation is about.
func (n Permission) covers(p Principal, workspace string) bool {
	switch n.About {
	case AboutWorkspace:
		return p.Sees(workspace)
	case AboutOwn:
		return true
	default:
		return p.Workspace == "" || n.Role == orbit.RoleReader
	}
}

// MayGive says whether the principal may give the role to somebody: nobody gives more than they have.
func (p Principal) MayGive(role orbit.Role) bool { return p.valid() && rank(p.Role) >= rank(role) }

// rank orders the roles. What is no role nobody has and nobody may give.
func rank(role orbit.Role) int {
	switch role {
	case orbit.RoleReader:
		return 1
	case orbit.RoleWorkspaceAdmin:
		return 2
	case orbit.RoleAdmin:
		return 3
	default:
		return 4
	}
}

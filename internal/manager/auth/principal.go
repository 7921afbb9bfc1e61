package auth

import (
	"context"
	"errors"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Principal is who signed in to the API, and what they may do.
type Principal struct {
	// Subject is how the audit log calls them: "root" for the token that orbitd made, "token:<id>" or "<issuer>#<sub>".
	Subject string
	// Role is what they may do.
	Role orbit.Role
	// Workspace limits the role to one workspace; "" is all. An admin has none.
	Workspace string
}

// Sees says whether what is about the workspace is the principal's to see.
func (p Principal) Sees(workspace string) bool { return p.Workspace == "" || p.Workspace == workspace }

// String says who it is and what they may do, for people.
func (p Principal) String() string {
	where := "all workspaces"
	if p.Workspace != "" {
		where = "workspace " + p.Workspace + " alone"
	}
	return p.Subject + ", " + string(p.Role) + " of " + where
}

// valid says whether there can be such a principal.
func (p Principal) valid() bool {
	return p.Subject != "" && p.Role.Valid() && (p.Role != orbit.RoleAdmin || p.Workspace == "")
}

type principalKey struct{}

// NewContext returns a context of a request by the principal.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext is whose request the context is of; one without a subject and a role where nobody signed in.
func FromContext(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

// Authenticator tells whose a bearer token is. The error is ErrUnknownToken for one that it does not know at all, which
// another authenticator may, and wraps ErrUnavailable where that cannot be told now; any other says why a token of its own
// is not accepted, in words for whoever sent it.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (Principal, error)
}

var (
	// ErrUnknownToken says that a token is not one of those that an authenticator gives out or believes.
	ErrUnknownToken = errors.New("the token is not known")
	// ErrUnavailable says that an authenticator cannot tell now whose a token is. The same request may be tried again.
	ErrUnavailable = errors.New("whose token it is cannot be told now")
)

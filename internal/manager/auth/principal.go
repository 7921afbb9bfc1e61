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

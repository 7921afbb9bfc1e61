package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Chain asks authenticators one after the other. The first that knows a token decides.
type Chain []Authenticator

// Authenticate tells whose the token is.
func (c Chain) Authenticate(ctx context.Context, token string) (Principal, error) {
	for _, authenticator := range c {
		p, err := authenticator.Authenticate(ctx, token)
		switch {
		case errors.Is(err, ErrUnknownToken):
			continue
		case err != nil:
			return Principal{}, err
		case !p.valid():
			return Principal{}, fmt.Errorf("the token is for %s, which there cannot be: an admin is of all workspaces, and "+
				"everybody has one of the roles admin, workspace_admin and reader", p)
		default:
			return p, nil
		}
	}
	return Principal{}, ErrUnknownToken
}

// maxTokenBytes bounds a bearer token: room for a JWT with many claims.
const maxTokenBytes = 16 << 10

// ErrNoToken says that a request has no bearer token, or none that could be one.
var ErrNoToken = errors.New("the request has no bearer token")

// Bearer returns the token that a request brings, or ErrNoToken.
func Bearer(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 { // of two, whoever stands before orbitd might mean the other one
		return "", ErrNoToken
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxTokenBytes || strings.ContainsFunc(token, unprintable) {
		return "", ErrNoToken
	}
	return token, nil
}

// unprintable says whether a character is in no token: RFC 6750 has visible ASCII only.
func unprintable(c rune) bool { return c <= ' ' || c > '~' }

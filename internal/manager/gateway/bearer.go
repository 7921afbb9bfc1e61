package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Exchange returns the bearer token that an access token of orbitd's stands for at the workspace's instance; good is
// false for one that does not open it. It is asked about every request that has such a token, and does not wait.
type Exchange func(workspace, token string) (bearer string, good bool)

// ExchangeTokens makes the gateway give an instance what exchange says in the place of an access token. A request whose
// access token is no good is answered 401; no instance ever sees one. Without, and for nil, they pass as they are: that
// is for a gateway behind which another one decides.
func (g *Gateway) ExchangeTokens(exchange Exchange) {
	if exchange == nil {
		g.exchange.Store(nil)
		return
	}
	g.exchange.Store(&exchange)
}

// admit replaces an access token in the request. When it returns false the request has its answer.
func (g *Gateway) admit(w http.ResponseWriter, r *http.Request, workspace string) bool {
	values := r.Header["Authorization"]
	if !slices.ContainsFunc(values, hasOwnToken) {
		return true
	}
	exchange := g.exchange.Load()
	if exchange == nil {
		return true
	}
	if len(values) == 1 { // of several nobody could say which one counts
		if bearer, good := (*exchange)(workspace, accessToken(values[0])); good {
			r.Header["Authorization"] = []string{"Bearer " + bearer}
			return true
		}
	}
	answerNoAccess(w, r)
	return false
}

// scheme is that of bearer tokens, which RFC 9110 compares without regard to case.
const scheme = "Bearer"

// hasOwnToken says whether the value of an Authorization header has a token of orbitd's. One of the API opens no instance, and
// is not to reach the plugins of whichever one it was sent to by mistake.
func hasOwnToken(authorization string) bool {
	return len(authorization) > len(scheme)+len(orbit.TokenPrefix) && strings.EqualFold(authorization[:len(scheme)], scheme) &&
		strings.HasPrefix(strings.TrimLeft(authorization[len(scheme):], " \t"), orbit.TokenPrefix)
}

// accessToken is the token in a value that has one.
func accessToken(authorization string) string {
	return strings.TrimLeft(authorization[len(scheme):], " \t")
}

// answerNoAccess says nothing of why: whether there is, or was, such a token is nobody's business.
func answerNoAccess(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="orbit", error="invalid_token"`)
	answer(w, r, 0, &orbit.Problem{
		Title:  "The access token is not good here",
		Status: http.StatusUnauthorized,
		Code:   orbit.CodeUnauthorized,
		Detail: "It has ended, was revoked, or was made for another workspace, or the request has more than one Authorization " +
			"header. Have orbitd make a new one for this workspace.",
	})
}

package gateway

import (
	"net/http"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Knows says whether the host name is one of a workspace's.
func (g *Gateway) Knows(host string) bool { return (*g.hosts.Load())[canonicalHost(host)] != nil }

// Secure is a handler for plain HTTP in front of a gateway with TLS: it sends who asks for a page of a workspace to where
// the gateway is, secure being the base URL of a host name. What may carry a secret is refused: it was sent in the clear,
// and whoever sent it should learn that.
func (g *Gateway) Secure(secure func(host string) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := (*g.hosts.Load())[canonicalHost(r.Host)]
		switch {
		case route == nil || r.Method == http.MethodConnect:
			answerUnknownHost(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("Authorization") != "":
			answerInsecure(w, r)
		default:
			base := secure(canonicalHost(r.Host))
			if h := route.home.Load(); h != nil && h.host == canonicalHost(r.Host) {
				base = h.base // which may have a port of its own
			}
			http.Redirect(w, r, base+r.URL.RequestURI(), http.StatusPermanentRedirect) //nolint:gosec // the host is one that is served here
		}
	})
}

func answerInsecure(w http.ResponseWriter, r *http.Request) {
	answer(w, r, 0, &orbit.Problem{
		Title:  "Use https",
		Status: http.StatusForbidden,
		Code:   orbit.CodeInsecure,
		Detail: "The request came in the clear and was not passed on. Send it to the https URL, and replace a token or password that was in it.",
	})
}

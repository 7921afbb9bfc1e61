package gateway

import (
	"net/http"
	"net/url"
)

// home is the base URL at which people open a workspace that has a host of its own.
type home struct{ base, host string }

// newHome returns nil for "".
func newHome(base string) *home {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return nil
	}
	return &home{base: base, host: canonicalHost(u.Host)}
}

// sends answers a browser that opens a page under another name with the way home, and says whether it did. The answer is
// not to be remembered: the workspace may have another home tomorrow.
func (h *home) sends(w http.ResponseWriter, r *http.Request) bool {
	if h == nil || canonicalHost(r.Host) == h.host || !opensPage(r) {
		return false
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept")
	http.Redirect(w, r, h.base+r.URL.RequestURI(), http.StatusTemporaryRedirect) //nolint:gosec // the base is the instance's own
	return true
}

// opensPage says whether a browser asks for a page to show, in a tab or a frame.
func opensPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && wantsPage(r.Header)
}

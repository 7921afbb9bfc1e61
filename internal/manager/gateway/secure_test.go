package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

func TestPlainHTTPIsSentToHTTPS(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{Domain: "portal.example"})
	f.Switch("acme", newBackend(t, says("acme")))
	f.Switch("globex", newBackend(t, says("globex")))
	if err := f.SetHosts("globex", "https://dev.globex.example:9443", []string{"dev.globex.example"}); err != nil {
		t.Fatal(err)
	}
	plain := f.Secure(func(host string) string { return "https://" + host + ":8443" })
	for name, c := range map[string]struct {
		method, host, path string
		header             string
		status             int
		to                 string
	}{
		"a page":              {"GET", "acme.portal.example", "/catalog?a=b", "", 308, "https://acme.portal.example:8443/catalog?a=b"},
		"its head":            {"HEAD", "ACME.portal.example.:80", "/", "", 308, "https://acme.portal.example:8443/"},
		"a home of its own":   {"GET", "dev.globex.example", "/x", "", 308, "https://dev.globex.example:9443/x"},
		"a path like a host":  {"GET", "acme.portal.example", "//evil.example", "", 308, "https://acme.portal.example:8443//evil.example"},
		"an unknown host":     {"GET", "evil.example", "/", "", 404, ""},
		"the domain":          {"GET", "portal.example", "/", "", 404, ""},
		"what changes things": {"POST", "acme.portal.example", "/api/x", "", 403, ""},
		"a token":             {"GET", "acme.portal.example", "/api/x", "Bearer x", 403, ""},
	} {
		r := httptest.NewRequest(c.method, "http://"+c.host+c.path, http.NoBody)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		w := httptest.NewRecorder()
		plain.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.to {
			t.Errorf("%s: %d to %q, want %d to %q", name, w.Code, w.Header().Get("Location"), c.status, c.to)
		}
	}
}

package gateway_test

import (
	"net/http"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

func TestABrowserThatOpensAPageIsSentHome(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, says("acme")))
	if err := f.SetHosts("acme", "https://portal.acme.example:8443", []string{"portal.acme.example", "old.acme.example"}); err != nil {
		t.Fatal(err)
	}
	const page = "text/html,*/*;q=0.8"
	for name, c := range map[string]struct{ method, host, path, accept, to string }{
		"a page":               {"GET", "acme.localhost", "/catalog?a=b", page, "/catalog?a=b"},
		"another name of it":   {"GET", "old.acme.example:7007", "/", page, "/"},
		"its head":             {"HEAD", "acme.localhost", "/", page, "/"},
		"a path like a host":   {"GET", "acme.localhost", "//evil.example/x", page, "//evil.example/x"},
		"an escaped path":      {"GET", "acme.localhost", "/a%2Fb", page, "/a%2Fb"},
		"a page at home":       {"GET", "portal.acme.example:8443", "/", page, ""},
		"home without a port":  {"GET", "Portal.Acme.Example.", "/", page, ""},
		"an API client":        {"GET", "acme.localhost", "/api/catalog/entities", "application/json", ""},
		"a form that is sent":  {"POST", "acme.localhost", "/api/auth/x/handler/frame", page, ""},
		"a client of anything": {"GET", "acme.localhost", "/", "*/*", ""},
	} {
		r := newRequest(t, c.method, c.host, c.path, nil)
		r.Header.Set("Accept", c.accept)
		response := f.do(t, r)
		read(t, response)
		to := response.Header.Get("Location")
		if c.to == "" && (response.StatusCode != http.StatusOK || to != "") {
			t.Errorf("%s: %d to %q, want it served", name, response.StatusCode, to)
		}
		if c.to != "" && (response.StatusCode != http.StatusTemporaryRedirect || to != "https://portal.acme.example:8443"+c.to ||
			response.Header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s: %d to %q, want a redirect home that is not kept", name, response.StatusCode, to)
		}
	}
	if err := f.SetHosts("acme", "", nil); err != nil {
		t.Fatal(err)
	}
	r := newRequest(t, "GET", "acme.localhost", "/", nil)
	r.Header.Set("Accept", page)
	if response := f.do(t, r); response.StatusCode != http.StatusOK {
		t.Errorf("without another home a page is answered %d", response.StatusCode)
	}
}

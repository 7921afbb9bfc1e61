package gateway_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestRequestsFindTheirWorkspaceByHost(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, says("acme")))
	f.Switch("globex", newBackend(t, says("globex")))
	if err := f.SetHosts("globex", "", []string{"Portal.Globex.Example."}); err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"acme.localhost":              "acme",
		"acme.localhost:7007":         "acme",
		"acme.localhost:":             "acme",
		"ACME.LocalHost":              "acme",
		"acme.localhost.":             "acme",
		"Acme.localhost.:80":          "acme",
		"globex.localhost":            "globex",
		"portal.globex.example":       "globex",
		"portal.globex.example:443":   "globex",
		"acme.localhost..":            "",
		"acme.localhost:http":         "",
		"acme.localhost:70:07":        "",
		"x.acme.localhost":            "",
		"acme":                        "",
		"acme.localhost.evil.example": "",
		"localhost":                   "",
		".localhost":                  "",
		"127.0.0.1":                   "",
		"127.0.0.1:7007":              "",
		"[::1]":                       "",
		"[::1]:7007":                  "",
		"[::ffff:127.0.0.1]:7007":     "",
		"globex.example":              "",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			response := f.raw(t, "GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
			switch {
			case want == "" && response.StatusCode == http.StatusBadRequest: // net/http refuses the header by itself
			case want == "":
				if problem := problemOf(t, response); problem.Code != orbit.CodeUnknownHost || problem.Status != 404 {
					t.Errorf("answer is %+v, want unknown_host", problem)
				}
			default:
				if got := read(t, response); got != want {
					t.Errorf("answered by %q, want %q", got, want)
				}
			}
		})
	}
}

func TestTheRequestLineWinsOverTheHostHeader(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("acme " + r.Host + " " + r.RequestURI))
	}))
	f.Switch("globex", newBackend(t, says("globex")))
	// RFC 9112 section 3.2.2.
	response := f.raw(t, "GET http://acme.localhost/a?b HTTP/1.1\r\nHost: globex.localhost\r\n\r\n")
	if got, want := read(t, response), "acme acme.localhost /a?b"; got != want {
		t.Errorf("answer is %q, want %q", got, want)
	}
	response = f.raw(t, "CONNECT acme.localhost:443 HTTP/1.1\r\nHost: acme.localhost\r\n\r\n")
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("CONNECT is answered %d, want 404", response.StatusCode)
	}
}

func TestAnUnknownHostLearnsNothing(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{Domain: "orbit.example"})
	f.Switch("acme", newBackend(t, says("acme")))
	for _, accept := range []string{"*/*", "text/html,application/xhtml+xml;q=0.9"} {
		r := newRequest(t, http.MethodGet, "globex.orbit.example", "/", nil)
		r.Header.Set("Accept", accept)
		response := f.do(t, r)
		body := read(t, response)
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status is %d, want 404", accept, response.StatusCode)
		}
		if strings.Contains(body, "acme") || strings.Contains(body, "globex") || strings.Contains(body, "orbit.example") {
			t.Errorf("%s: the answer names a workspace: %s", accept, body)
		}
	}
}

func TestHostsAreDeclared(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{Domain: "orbit.example"})
	f.Switch("acme", newBackend(t, says("acme")))
	f.Switch("globex", newBackend(t, says("globex")))
	if err := f.SetHosts("acme", "", []string{"portal.acme.example"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		workspace, host string
		want            error
	}{
		{"globex", "portal.acme.example", gateway.ErrHostTaken},
		{"globex", "Portal.ACME.example.", gateway.ErrHostTaken},
		{"globex", "acme.orbit.example", gateway.ErrHostTaken},
		{"globex", "initech.orbit.example", gateway.ErrHostTaken},
		{"globex", "a.b.orbit.example", gateway.ErrHostTaken},
		{"globex", "orbit.example", gateway.ErrHostTaken},
		{"globex", "*.example", gateway.ErrInvalidHost},
		{"globex", "globex.example:80", gateway.ErrInvalidHost},
		{"globex", "", gateway.ErrInvalidHost},
		{"globex", "192.0.2.1", gateway.ErrInvalidHost},
		{"globex", "[::1]", gateway.ErrInvalidHost},
		{"globex", "-a.example", gateway.ErrInvalidHost},
		{"globex", strings.Repeat("a", 64) + ".example", gateway.ErrInvalidHost},
		{"acme", "portal.acme.example", nil},
		{"acme", "acme.orbit.example", nil},
	} {
		if err := f.SetHosts(c.workspace, "", []string{"kept." + c.workspace + ".example", c.host}); !errors.Is(err, c.want) {
			t.Errorf("%s declares %q: %v, want %v", c.workspace, c.host, err, c.want)
		}
	}
	if status, _ := f.get(t, "kept.globex.example", "/"); status != 404 {
		t.Errorf("a refused declaration left its other host: %d", status)
	}
	if _, body := f.get(t, "kept.acme.example", "/"); body != "acme" {
		t.Errorf("the declared host is answered %q", body)
	}
	if status, _ := f.get(t, "portal.acme.example", "/"); status != 404 {
		t.Errorf("a host that is no longer declared is answered %d, want 404", status)
	}
	if err := f.SetHosts("globex", "", []string{"portal.acme.example"}); err != nil {
		t.Errorf("a host that was given up cannot be declared: %v", err)
	}
}

func TestARemovedWorkspaceIsUnknown(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	address := newBackend(t, says("acme"))
	f.Switch("acme", address)
	if err := f.SetHosts("acme", "", []string{"acme.example"}); err != nil {
		t.Fatal(err)
	}
	if target := f.Remove("acme"); target == nil || target.Address() != address {
		t.Errorf("Remove returned %v, want the target at %s", target, address)
	}
	for _, host := range []string{"acme.localhost", "acme.example"} {
		if status, _ := f.get(t, host, "/"); status != http.StatusNotFound {
			t.Errorf("%s is answered %d, want 404", host, status)
		}
	}
	if target := f.Remove("acme"); target != nil {
		t.Error("a second Remove returned a target")
	}
}

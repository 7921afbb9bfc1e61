package gateway_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

// tellsWay answers with what an instance is told of a request's way.
func tellsWay(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s for %q host %q proto %q at %q", name, r.Header["X-Forwarded-For"], r.Header["X-Forwarded-Host"],
			r.Header["X-Forwarded-Proto"], r.Host)
		for _, other := range []string{"Forwarded", "X-Real-Ip", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server"} {
			if r.Header[other] != nil {
				_, _ = fmt.Fprintf(w, " %s %q", other, r.Header[other])
			}
		}
	}
}

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	t.Parallel()
	trusting := func(networks ...string) *front {
		o := gateway.Options{}
		for _, network := range networks {
			o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(network))
		}
		f := newFront(t, o)
		f.Switch("acme", newBackend(t, tellsWay("acme")))
		f.Switch("globex", newBackend(t, tellsWay("globex")))
		return f
	}
	open, behind := trusting("10.0.0.0/8"), trusting("127.0.0.0/8", "10.0.0.0/8", "fd00::/8")
	const unknown = "404"
	way := func(workspace, client, host, proto string) string {
		return fmt.Sprintf("%s for [%q] host [%q] proto [%q] at %q", workspace, client, host, proto, host)
	}
	for name, c := range map[string]struct{ sent, open, behind string }{
		"nothing is said": {"", way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "127.0.0.1", "acme.localhost", "http")},
		"a proxy with TLS": {
			"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: globex.localhost:8443\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("globex", "192.0.2.7", "globex.localhost:8443", "https"),
		},
		"a list, with proxies behind the client": {
			"X-Forwarded-For: 203.0.113.1, 192.0.2.7, 10.0.0.1 ,10.0.0.2\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "192.0.2.7", "acme.localhost", "http"),
		},
		"a list over several headers": {
			"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 192.0.2.8\r\nx-forwarded-for: 10.0.0.1\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "192.0.2.8", "acme.localhost", "http"),
		},
		"none but proxies": {
			"X-Forwarded-For: 10.1.1.1, 10.0.0.1\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "10.1.1.1", "acme.localhost", "http"),
		},
		"ports": {
			"X-Forwarded-For: 203.0.113.1, 192.0.2.7:4711, 10.0.0.1:80\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "192.0.2.7", "acme.localhost", "http"),
		},
		"IPv6 with a port, a proxy's in brackets": {
			"X-Forwarded-For: [2001:db8::7]:4711, [fd00::1]\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "2001:db8::7", "acme.localhost", "http"),
		},
		"IPv6 with a zone": {
			"X-Forwarded-For: 2001:db8::7%eth0, fd00::1%eth0\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "2001:db8::7", "acme.localhost", "http"),
		},
		"IPv4 as IPv6": {
			"X-Forwarded-For: 192.0.2.7, ::ffff:10.0.0.1\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "192.0.2.7", "acme.localhost", "http"),
		},
		"no addresses": {
			"X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.1\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "10.0.0.1", "acme.localhost", "http"),
		},
		"empty ones": {
			"X-Forwarded-For: , ,\r\nX-Forwarded-Proto:\r\nX-Forwarded-Host:\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "127.0.0.1", "acme.localhost", "http"),
		},
		"another scheme": {
			"X-Forwarded-Proto: ftp\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "127.0.0.1", "acme.localhost", "http"),
		},
		"lists, of which the proxy has written the last": {
			"X-Forwarded-Proto: http, HTTPS\r\nX-Forwarded-Host: initech.localhost, globex.localhost\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("globex", "127.0.0.1", "globex.localhost", "https"),
		},
		"a host that is none": {
			"X-Forwarded-Host: globex.localhost/x\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "127.0.0.1", "acme.localhost", "http"),
		},
		"an unknown host": {"X-Forwarded-Host: portal.example\r\n", way("acme", "127.0.0.1", "acme.localhost", "http"), unknown},
		"other headers": {
			"Forwarded: for=192.0.2.7;host=globex.localhost;proto=https\r\nX-Real-Ip: 192.0.2.7\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /x\r\nX-Forwarded-Server: x\r\n",
			way("acme", "127.0.0.1", "acme.localhost", "http"), way("acme", "127.0.0.1", "acme.localhost", "http"),
		},
	} {
		for f, want := range map[*front]string{open: c.open, behind: c.behind} {
			response := f.raw(t, "GET / HTTP/1.1\r\nHost: acme.localhost\r\n"+c.sent+"\r\n")
			got := read(t, response)
			if response.StatusCode == http.StatusNotFound {
				got = unknown
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, trusted %v (-want +got):\n%s", name, f == behind, diff)
			}
		}
	}
}

func TestTheHostThatCountsIsTheRequests(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, says("acme")))
	f.Switch("globex", newBackend(t, says("globex")))
	for name, c := range map[string]struct {
		request string
		status  int
		says    string
	}{
		"an absolute target":             {"GET http://globex.localhost/ HTTP/1.1\r\nHost: acme.localhost\r\n", 200, "globex"},
		"an absolute target elsewhere":   {"GET http://evil.example/ HTTP/1.1\r\nHost: acme.localhost\r\n", 404, ""},
		"upper case, a dot and a port":   {"GET / HTTP/1.1\r\nHost: ACME.LocalHost.:7007\r\n", 200, "acme"},
		"an underscore":                  {"GET / HTTP/1.1\r\nHost: ac_me.localhost\r\n", 404, ""},
		"no name":                        {"GET / HTTP/1.1\r\nHost:\r\n", 404, ""},
		"no header":                      {"GET / HTTP/1.1\r\n", 400, ""},
		"two headers":                    {"GET / HTTP/1.1\r\nHost: acme.localhost\r\nHost: globex.localhost\r\n", 400, ""},
		"two names":                      {"GET / HTTP/1.1\r\nHost: acme.localhost,globex.localhost\r\n", 404, ""},
		"a user":                         {"GET / HTTP/1.1\r\nHost: acme.localhost@globex.localhost\r\n", 400, ""},
		"a path":                         {"GET / HTTP/1.1\r\nHost: acme.localhost/globex.localhost\r\n", 400, ""},
		"two dots at the end":            {"GET / HTTP/1.1\r\nHost: acme.localhost..\r\n", 404, ""},
		"a name below":                   {"GET / HTTP/1.1\r\nHost: x.acme.localhost\r\n", 404, ""},
		"the domain":                     {"GET / HTTP/1.1\r\nHost: localhost\r\n", 404, ""},
		"an address":                     {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 404, ""},
		"a header that looks like it":    {"GET / HTTP/1.1\r\nHost: acme.localhost\r\nX-Host: globex.localhost\r\nX-Original-Host: globex.localhost\r\n", 200, "acme"},
		"a method override":              {"CONNECT acme.localhost:443 HTTP/1.1\r\nHost: acme.localhost\r\n", 404, ""},
		"HTTP/1.0 without a header":      {"GET / HTTP/1.0\r\n", 404, ""},
		"a target that begins with dots": {"GET /../../x HTTP/1.1\r\nHost: acme.localhost\r\n", 200, "acme"},
	} {
		response := f.raw(t, c.request+"\r\n")
		if body := read(t, response); response.StatusCode != c.status || c.says != "" && body != c.says {
			t.Errorf("%s: %d %.80s, want %d %s", name, response.StatusCode, body, c.status, c.says)
		}
	}
}

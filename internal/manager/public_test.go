package manager

import (
	"net"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
)

func TestWherePeopleOpenAnInstance(t *testing.T) {
	t.Parallel()
	withTLS := []certificate.Files{{Cert: "c", Key: "k"}}
	for name, c := range map[string]struct {
		options Options
		listens string
		own     string // its base URL
		want    string
	}{
		"out of the box":              {Options{}, "127.0.0.1:7007", "", "http://acme.localhost:7007"},
		"at port 80":                  {Options{}, "127.0.0.1:80", "", "http://acme.localhost"},
		"a domain":                    {Options{GatewayDomain: "portal.example.com"}, "127.0.0.1:7007", "", "http://acme.portal.example.com:7007"},
		"TLS":                         {Options{GatewayDomain: "portal.example.com", GatewayTLS: withTLS}, "[::]:8443", "", "https://acme.portal.example.com:8443"},
		"TLS at its own port":         {Options{GatewayDomain: "portal.example.com", GatewayTLS: withTLS}, "0.0.0.0:443", "", "https://acme.portal.example.com"},
		"TLS at port 80":              {Options{GatewayDomain: "portal.example.com", GatewayTLS: withTLS}, "0.0.0.0:80", "", "https://acme.portal.example.com:80"},
		"behind a load balancer":      {Options{GatewayPublicURL: "https://portal.example.com"}, "10.0.0.1:7007", "", "https://acme.portal.example.com"},
		"behind a forwarded port":     {Options{GatewayPublicURL: "http://localhost:9000"}, "127.0.0.1:7007", "", "http://acme.localhost:9000"},
		"a domain of its own":         {Options{GatewayPublicURL: "https://portal.example.com"}, "10.0.0.1:7007", "https://dev.acme.example", "https://dev.acme.example"},
		"the same domain said twice":  {Options{GatewayPublicURL: "https://portal.example.com", GatewayDomain: "Portal.example.com."}, "10.0.0.1:1", "", "https://acme.portal.example.com"},
		"plain HTTP in a safe place":  {Options{GatewayPublicURL: "http://portal.internal"}, "10.0.0.1:7007", "", "http://acme.portal.internal"},
		"another port than the proxy": {Options{GatewayPublicURL: "https://portal.example.com:8443", GatewayTLS: withTLS}, "10.0.0.1:443", "", "https://acme.portal.example.com:8443"},
	} {
		c.options.DataDir = t.TempDir()
		o, err := c.options.withDefaults()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		address, err := net.ResolveTCPAddr("tcp", c.listens)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.public(address).url("acme", c.own); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestAPublicURLThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options Options
		says    string
	}{
		"a host alone":     {Options{GatewayPublicURL: "portal.example.com"}, "give a URL such as"},
		"a path":           {Options{GatewayPublicURL: "https://portal.example.com/orbit"}, "everything behind the host"},
		"an address":       {Options{GatewayPublicURL: "https://192.0.2.1"}, "an address is none"},
		"another domain":   {Options{GatewayPublicURL: "https://portal.example.com", GatewayDomain: "example.com"}, "leave the domain out"},
		"a wildcard":       {Options{GatewayPublicURL: "https://*.example.com"}, "--gateway-public-url"},
		"the port it has":  {Options{GatewayPublicURL: "https://portal.example.com:443"}, "leave the port out"},
		"a domain at once": {Options{GatewayDomain: "https://portal.example.com"}, "--gateway-domain"},
		"a domain's port":  {Options{GatewayDomain: "portal.example.com:8443"}, "--gateway-domain"},
	} {
		c.options.DataDir = t.TempDir()
		if _, err := c.options.withDefaults(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q in it", name, err, c.says)
		}
	}
}

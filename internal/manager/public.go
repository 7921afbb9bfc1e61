package manager

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
)

// public is where people see the gateway: the parent of the workspaces' URLs.
type public struct{ scheme, domain, port string } // the port is "" where it is the scheme's own

// parsePublic reads the value of --gateway-public-url.
func parsePublic(text string) (public, error) {
	if why := declare.Origin(text); why != "" {
		return public{}, fmt.Errorf("--gateway-public-url %q is not the parent of the instances' URLs, such as https://portal.example.com: %s", text, why)
	}
	u, err := url.Parse(text)
	if err != nil {
		return public{}, errors.New("--gateway-public-url is no URL")
	}
	return public{scheme: u.Scheme, domain: u.Hostname(), port: u.Port()}, nil
}

// public is what the options say of it or, without a public URL, what follows from where the gateway listens.
func (o Options) public(gateway net.Addr) public {
	if o.GatewayPublicURL != "" {
		p, _ := parsePublic(o.GatewayPublicURL) // withDefaults has read it
		return p
	}
	p := public{scheme: "http", domain: o.GatewayDomain}
	if o.gatewayTLS() {
		p.scheme = "https"
	}
	_, p.port, _ = net.SplitHostPort(gateway.String())
	if p.port == declare.DefaultPort(p.scheme) {
		p.port = ""
	}
	return p
}

// url is where people open a workspace's instance that has the base URL; "" is none.
func (p public) url(workspace, baseURL string) string {
	if baseURL != "" {
		return baseURL
	}
	return p.of(workspace + "." + p.domain)
}

// of is the URL of a host under which people see the gateway.
func (p public) of(host string) string {
	if p.port != "" {
		host += ":" + p.port
	}
	return p.scheme + "://" + host
}

// withPublic checks the domain and makes it the public URL's, if there is one.
func (o Options) withPublic() (Options, error) {
	o.GatewayDomain = strings.ToLower(strings.TrimSuffix(o.GatewayDomain, "."))
	if why := declare.Origin("https://" + o.GatewayDomain); o.GatewayDomain != "" && (why != "" || strings.Contains(o.GatewayDomain, ":")) {
		return o, fmt.Errorf("--gateway-domain %q is no domain: give one such as portal.example.com; --gateway-public-url says scheme and port",
			o.GatewayDomain)
	}
	if o.GatewayPublicURL == "" {
		return o, nil
	}
	p, err := parsePublic(o.GatewayPublicURL)
	if err != nil {
		return o, err
	}
	if o.GatewayDomain != "" && o.GatewayDomain != p.domain {
		return o, fmt.Errorf("--gateway-domain %s is not the host of --gateway-public-url %s: leave the domain out", o.GatewayDomain, o.GatewayPublicURL)
	}
	o.GatewayDomain = p.domain
	return o, nil
}

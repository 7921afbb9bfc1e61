package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Why SetHosts refuses a name.
var (
	// ErrInvalidHost is a name that is no DNS name.
	ErrInvalidHost = errors.New("not a DNS name without a port")
	// ErrHostTaken is a name that belongs to the gateway's domain or to another workspace.
	ErrHostTaken = errors.New("the name is taken")
)

// canonicalHost brings a Host header to the form in which hosts are compared: lower case, without port and without
// the trailing dot. A header that is malformed gives a name that no workspace can have.
func canonicalHost(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") && isPort(host[i+1:]) {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// isPort says whether s can stand behind the colon of a Host header. RFC 3986 allows an empty port.
func isPort(s string) bool {
	return len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}

// declarable returns the canonical form of a host that the workspace may declare. The caller holds g.mu.
func (g *Gateway) declarable(workspace, host string) (string, error) {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if !isDNSName(name) {
		return "", ErrInvalidHost
	}
	// Every name under the domain is kept for a workspace that may come.
	if name != g.Host(workspace) && (name == g.options.Domain || strings.HasSuffix(name, "."+g.options.Domain)) {
		return "", fmt.Errorf("%w: names under %s are the workspaces' own", ErrHostTaken, g.options.Domain)
	}
	if other := (*g.hosts.Load())[name]; other != nil && other.workspace != workspace {
		return "", fmt.Errorf("%w: workspace %s has it", ErrHostTaken, other.workspace)
	}
	return name, nil
}

// isDNSName says whether name is made of labels of letters, digits and inner hyphens, as RFC 1123 section 2.1 has them,
// and is no IP address.
func isDNSName(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	_, err := netip.ParseAddr(name)
	return err != nil
}

package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The headers that tell an instance about a request's way. There is one value of each.
const (
	forwardedFor   = "X-Forwarded-For"
	forwardedHost  = "X-Forwarded-Host"
	forwardedProto = "X-Forwarded-Proto"
)

// Receive returns a handler that takes requests as they come from outside, and gives next those that may go on: what a
// request says of its way is replaced by what is known of it, and a proxy that is trusted is believed.
func (g *Gateway) Receive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.misdirected(r) {
			answerMisdirected(w, r)
			return
		}
		g.settleWay(r)
		next.ServeHTTP(w, r)
	})
}

// ServePassed serves a request that another gateway of this program has received, and what that one says of its way.
func (g *Gateway) ServePassed(w http.ResponseWriter, r *http.Request) { g.serve(w, r) }

// KeepWay gives a request that is passed on to another gateway of this program what Receive has found of its way.
func KeepWay(out, in http.Header) {
	for _, name := range []string{forwardedFor, forwardedHost, forwardedProto} {
		out[name] = in[name]
	}
}

// misdirected says whether the request is for a host for which the certificate of its connection is not. Browsers use a
// connection for another host where the certificate is for both.
func (g *Gateway) misdirected(r *http.Request) bool {
	if r.TLS == nil || r.TLS.ServerName == "" || g.options.SharesConnection == nil {
		return false
	}
	name, host := canonicalHost(r.TLS.ServerName), canonicalHost(r.Host)
	return name != host && !g.options.SharesConnection(name, host)
}

// settleWay finds out whom the request comes from, how, and for which host, and replaces all that it says of that.
func (g *Gateway) settleWay(r *http.Request) {
	peer := peerOf(r.RemoteAddr)
	client, proto := peer, "http"
	if r.TLS != nil {
		proto = "https"
	}
	if g.trusts(peer) {
		client = g.clientOf(r.Header[forwardedFor], peer)
		if said := strings.ToLower(last(r.Header[forwardedProto])); said == "http" || said == "https" {
			proto = said
		}
		if said := last(r.Header[forwardedHost]); isDNSName(canonicalHost(said)) {
			r.Host = said
		}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") {
			delete(r.Header, name)
		}
	}
	delete(r.Header, "X-Real-Ip")
	delete(r.Header, "Forwarded")
	if client.IsValid() {
		r.Header[forwardedFor] = []string{client.String()}
	}
	r.Header[forwardedHost], r.Header[forwardedProto] = []string{r.Host}, []string{proto}
}

// clientOf is the address that the request comes from behind the trusted proxies: the last one in the list that is none of
// theirs. What stands before that one anybody may have written, and so may what stands before something that is no address.
func (g *Gateway) clientOf(lists []string, peer netip.Addr) netip.Addr {
	client, rest := peer, strings.Join(lists, ",")
	for rest != "" {
		i := strings.LastIndexByte(rest, ',')
		address, ok := parseClient(strings.TrimSpace(rest[i+1:]))
		if !ok {
			return client
		}
		if client = address; !g.trusts(client) {
			return client
		}
		rest = rest[:max(i, 0)]
	}
	return client
}

func (g *Gateway) trusts(address netip.Addr) bool {
	for _, prefix := range g.options.TrustedProxies {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// parseClient reads an entry of X-Forwarded-For: an address, with a port as some proxies write it.
func parseClient(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return plain(address), true
	}
	withPort, err := netip.ParseAddrPort(text)
	return plain(withPort.Addr()), err == nil
}

// peerOf is the other end's address; the zero one where it has none, as over a Unix socket.
func peerOf(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	address, _ := netip.ParseAddr(host) // the zero one where it is none
	return plain(address)
}

// plain is the address without what differs from machine to machine: the zone, and IPv4 written as IPv6.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// last is what the proxy nearest to the gateway has said.
func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	value := values[len(values)-1]
	return strings.TrimSpace(value[strings.LastIndexByte(value, ',')+1:])
}

func answerMisdirected(w http.ResponseWriter, r *http.Request) {
	answer(w, r, 0, &orbit.Problem{
		Title:  "The connection is another host's",
		Status: http.StatusMisdirectedRequest,
		Code:   orbit.CodeMisdirected,
		Detail: "The certificate of the connection is not for the host that the request names. Open a new connection to that host.",
	})
}

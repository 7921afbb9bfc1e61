package manager

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// passOn sends requests to the orbitd that listens on the address now, which decides as if they had come to it.
func passOn(network, address string) http.Handler {
	var dialer net.Dialer
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "successor"})
			r.Out.Host = r.In.Host
			if network == "unix" {
				r.Out.Header.Set(cameFrom, r.In.RemoteAddr)
			}
		},
		ModifyResponse: func(answer *http.Response) error {
			if answer.StatusCode != http.StatusSwitchingProtocols {
				answer.Header.Set("Connection", "close") // the next one goes to the successor directly
			}
			return nil
		},
		FlushInterval: -1, // answers stream
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			DisableCompression: true,
		},
	}
}

package manager

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

// passOn sends requests to the side door of the orbitd that listens now, which decides as if they had come to it. Told is
// what it is told beside the request.
func passOn(door string, told func(*httputil.ProxyRequest)) http.Handler {
	var dialer net.Dialer
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "successor"})
			r.Out.Host = r.In.Host
			told(r)
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
				return dialer.DialContext(ctx, "unix", door)
			},
			DisableCompression: true,
		},
	}
}

// tellSender tells whom a request to the API comes from.
func tellSender(r *httputil.ProxyRequest) { r.Out.Header.Set(cameFrom, r.In.RemoteAddr) }

// tellWay tells what the gateway has found of a request's way.
func tellWay(r *httputil.ProxyRequest) { gateway.KeepWay(r.Out.Header, r.In.Header) }

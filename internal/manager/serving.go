package manager

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/operator"
)

// listen binds the addresses.
func (m *Manager) listen(ctx context.Context) (err error) {
	o := m.options
	if o.TLS != (certificate.Files{}) {
		if m.cert, err = certificate.API.Load(o.Logger, o.TLS); err != nil {
			return err
		}
	}
	if err := m.loadGatewayTLS(); err != nil {
		return err
	}
	m.api, err = listening{
		what: "the API", flag: "--listen", address: o.Listen, inherited: o.Inherited.apiListener(), public: m.cert != nil,
		wayOut: "tokens would be sent in the clear; give --tls-cert-file and --tls-key-file, or use 127.0.0.1",
	}.listen(ctx)
	if err != nil {
		return err
	}
	m.proxy, err = listening{
		what: "the gateway", flag: "--gateway-listen", address: o.GatewayListen, inherited: o.Inherited.gatewayListener(),
		public: o.gatewayTLS() || len(o.GatewayTrustedProxies) > 0,
		wayOut: "passwords and sessions would be sent in the clear; give --gateway-tls-cert-file and --gateway-tls-key-file, or " +
			"--gateway-trusted-proxies where a proxy with TLS is in front, or use 127.0.0.1",
	}.listen(ctx)
	if err != nil || o.GatewayHTTPListen == "" && o.Inherited.plainListener() == nil {
		return err
	}
	m.plain, err = listening{
		what: "the gateway's plain HTTP", flag: "--gateway-http-listen", address: o.GatewayHTTPListen,
		inherited: o.Inherited.plainListener(), public: true,
	}.listen(ctx)
	return err
}

// serve answers requests until Close; that it cannot any more ends Run.
func (m *Manager) serve() {
	o := m.options
	o.Logger.Info("listening", "version", o.Version, "api", m.APIURL(), "page", m.APIURL()+operator.Path,
		"gateway", m.GatewayAddress(), "instances", m.URL("<workspace>", ""), "token_file", m.TokenFile())
	api := m.api
	if m.cert != nil { // on top of the socket, which is passed on as it is
		api = tls.NewListener(api, m.cert.Config())
	}
	m.serveOne(api, apiServer(m.apiDoor, o.Logger))
	proxy := m.proxy
	if config := m.gatewayConfig(); config != nil {
		proxy = tls.NewListener(proxy, config)
	}
	m.serveOne(proxy, gateway.Server(m.proxyDoor, o.Logger))
	if m.plain != nil {
		m.serveOne(m.plain, gateway.Server(m.plainHandler(), o.Logger))
	}
	if m.side != nil {
		m.serveOne(m.side, apiServer(throughSideDoor(m.apiDoor), o.Logger))
		m.serveOne(m.passed, gateway.Server(m.passedDoor, o.Logger))
	}
}

func (m *Manager) serveOne(listener net.Listener, s *http.Server) {
	served := newServer(s)
	m.servers = append(m.servers, served)
	m.serving.Go(func() {
		err := served.Serve(listener)
		if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			m.failed <- fmt.Errorf("serve %s: %w", listener.Addr(), err)
		}
	})
}

// stopListening takes no more connections. Those that come wait in the kernel where another process has the socket too.
func (m *Manager) stopListening() {
	for _, listener := range []net.Listener{m.api, m.proxy, m.plain, m.side, m.passed} {
		if listener != nil {
			_ = listener.Close() // it may be closed already
		}
	}
}

package manager

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

// checkGateway says what does not go together of how the gateway is reached.
func (o Options) checkGateway() error {
	if err := o.GatewayACME.Check(); err != nil {
		return err
	}
	if o.GatewayACME.Directory != "" && declare.UnderLocalhost(o.GatewayDomain) {
		return fmt.Errorf("no CA gives certificates for names under %s: say where the instances are with --gateway-domain or --gateway-public-url",
			o.GatewayDomain)
	}
	if o.GatewayHTTPListen != "" && !o.gatewayTLS() {
		return errors.New("--gateway-http-listen sends browsers on to https, which the gateway does not speak: give --gateway-tls-cert-file " +
			"and --gateway-tls-key-file, or --gateway-acme-directory; for plain HTTP there is --gateway-listen")
	}
	return nil
}

// loadGatewayTLS reads the gateway's certificates and tells where there is none for the names of the workspaces.
func (m *Manager) loadGatewayTLS() (err error) {
	o := m.options
	if len(o.GatewayTLS) > 0 {
		if m.gatewayCert, err = certificate.Gateway.Load(o.Logger, o.GatewayTLS...); err != nil {
			return err
		}
	}
	if o.GatewayACME.Directory != "" {
		m.automatic, err = o.GatewayACME.Automatic(filepath.Join(o.DataDir, "acme"), m.leadsHere, o.Logger)
		return err
	}
	if m.gatewayCert != nil && !m.gatewayCert.Covers("workspace."+o.GatewayDomain) {
		o.Logger.Warn("no certificate of the gateway is for the workspaces' host names, and browsers will refuse them: give one with "+
			"a wildcard", "missing", "*."+o.GatewayDomain, "covered", m.gatewayCert.Names())
	}
	return nil
}

// leadsHere says whether the host is an instance's, once that is known.
func (m *Manager) leadsHere(ctx context.Context, host string) bool {
	if m.proxyDoor.enter(ctx) == nil {
		return false
	}
	defer m.proxyDoor.leave()
	return m.gateway.Knows(host)
}

// gatewayConfig is the TLS that the gateway speaks; nil is none.
func (m *Manager) gatewayConfig() *tls.Config {
	switch {
	case m.automatic != nil:
		return m.automatic.Config(m.gatewayCert)
	case m.gatewayCert != nil:
		return m.gatewayCert.Config()
	default:
		return nil
	}
}

func (m *Manager) gatewayOptions() gateway.Options {
	o := gateway.Options{
		Domain: m.options.GatewayDomain, Logger: m.options.Logger, TrustedProxies: m.options.GatewayTrustedProxies,
	}
	if m.options.gatewayTLS() {
		o.SharesConnection = m.sharesConnection
	}
	return o
}

// sharesConnection says whether the certificate that a client was shown for one name is for the other too. One of the CA
// is for one name alone.
func (m *Manager) sharesConnection(name, other string) bool {
	if m.gatewayCert == nil || m.automatic != nil && !m.gatewayCert.Covers(name) {
		return name == other
	}
	return m.gatewayCert.Shared(name, other)
}

// plainHandler is what answers over plain HTTP in front of a gateway with TLS.
func (m *Manager) plainHandler() http.Handler {
	secure := m.gateway.Secure(m.options.public(m.proxy.Addr()).of)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.proxyDoor.enter(r.Context()) == nil { // which hosts there are is not known yet
			m.proxyDoor.refuse(w, r)
			return
		}
		defer m.proxyDoor.leave()
		secure.ServeHTTP(w, r)
	})
	if m.automatic == nil {
		return handler
	}
	return m.automatic.Answer(handler)
}

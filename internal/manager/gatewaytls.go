package manager

import (
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

// loadGatewayTLS reads the gateway's certificates and tells where they do not cover the names of the workspaces.
func (m *Manager) loadGatewayTLS() (err error) {
	o := m.options
	if len(o.GatewayTLS) == 0 {
		return nil
	}
	if m.gatewayCert, err = certificate.Gateway.Load(o.Logger, o.GatewayTLS...); err != nil {
		return err
	}
	if !m.gatewayCert.Covers("workspace." + o.GatewayDomain) {
		o.Logger.Warn("no certificate of the gateway is for the workspaces' host names, and browsers will refuse them: give one with "+
			"a wildcard", "missing", "*."+o.GatewayDomain, "covered", m.gatewayCert.Names())
	}
	return nil
}

func (m *Manager) gatewayOptions() gateway.Options {
	o := gateway.Options{
		Domain: m.options.GatewayDomain, Logger: m.options.Logger, TrustedProxies: m.options.GatewayTrustedProxies,
	}
	if m.gatewayCert != nil {
		o.SharesConnection = m.gatewayCert.Shared
	}
	return o
}

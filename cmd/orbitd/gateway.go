package main

import (
	"fmt"
	"net/netip"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
)

// gatewayFlags say under which addresses people reach the instances.
func gatewayFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "gateway-domain", Sources: cli.EnvVars("ORBIT_GATEWAY_DOMAIN"), HideDefault: true,
			Usage: "parent of the instances' host names: portal.example.com makes them <workspace>.portal.example.com (default: localhost)",
		},
		&cli.StringFlag{
			Name: "gateway-public-url", Sources: cli.EnvVars("ORBIT_GATEWAY_PUBLIC_URL"),
			Usage: "parent of the instances' URLs as people see them, where a proxy or a forwarded port is in front: https://portal.example.com; it says the domain too (default: by where the gateway listens)",
		},
		&cli.StringSliceFlag{
			Name: "gateway-tls-cert-file", Sources: cli.EnvVars("ORBIT_GATEWAY_TLS_CERT_FILE"),
			Usage: "PEM file with a certificate of the gateway, a wildcard one as a rule, and those between it and its root; read again when it changes; repeatable, or divided by commas",
		},
		&cli.StringSliceFlag{
			Name: "gateway-tls-key-file", Sources: cli.EnvVars("ORBIT_GATEWAY_TLS_KEY_FILE"),
			Usage: "PEM file with its private key; as many as certificates, in the same order",
		},
		&cli.StringFlag{
			Name: "gateway-http-listen", Sources: cli.EnvVars("ORBIT_GATEWAY_HTTP_LISTEN"),
			Usage: "host:port where a gateway with TLS also listens for plain HTTP, :80 as a rule: browsers are sent on to https, and the CA's questions are answered (default: nowhere)",
		},
		&cli.StringFlag{
			Name: "gateway-acme-directory", Sources: cli.EnvVars("ORBIT_GATEWAY_ACME_DIRECTORY"),
			Usage: "URL of the directory of an ACME CA, https://acme-v02.api.letsencrypt.org/directory for example, from which the gateway has certificates for the instances' hosts that no file is for",
		},
		&cli.StringFlag{
			Name: "gateway-acme-email", Sources: cli.EnvVars("ORBIT_GATEWAY_ACME_EMAIL"),
			Usage: "where the CA writes to about its certificates",
		},
		&cli.BoolFlag{
			Name: "gateway-acme-agree-terms", Sources: cli.EnvVars("ORBIT_GATEWAY_ACME_AGREE_TERMS"), HideDefault: true,
			Usage: "agree to the CA's terms, which its directory names",
		},
		&cli.StringFlag{
			Name: "gateway-acme-ca-file", Sources: cli.EnvVars("ORBIT_GATEWAY_ACME_CA_FILE"),
			Usage: "PEM file with the roots of the directory's own certificate, for a CA of your own (default: the system's)",
		},
		&cli.StringSliceFlag{
			Name: "gateway-trusted-proxies", Sources: cli.EnvVars("ORBIT_GATEWAY_TRUSTED_PROXIES"),
			Usage: "networks of the proxies in front of the gateway, such as 10.0.0.0/8: their X-Forwarded-For, -Host and -Proto are believed, nobody else's; repeatable, or divided by commas",
		},
	}
}

// gatewayOptions reads gatewayFlags.
func gatewayOptions(c *cli.Command, o manager.Options) (manager.Options, error) {
	var err error
	o.GatewayDomain, o.GatewayPublicURL = c.String("gateway-domain"), c.String("gateway-public-url")
	o.GatewayTLS, err = certificate.Gateway.Pairs(c.StringSlice("gateway-tls-cert-file"), c.StringSlice("gateway-tls-key-file"))
	if err != nil {
		return o, err
	}
	o.GatewayHTTPListen = c.String("gateway-http-listen")
	o.GatewayACME = certificate.ACME{
		Directory: c.String("gateway-acme-directory"), Email: c.String("gateway-acme-email"), CAFile: c.String("gateway-acme-ca-file"),
		AgreeTerms: c.Bool("gateway-acme-agree-terms"),
	}
	for _, text := range c.StringSlice("gateway-trusted-proxies") {
		prefix, err := network(text)
		if err != nil {
			return o, fmt.Errorf("--gateway-trusted-proxies %q is no network: write 10.0.0.0/8 or 192.0.2.7", text)
		}
		o.GatewayTrustedProxies = append(o.GatewayTrustedProxies, prefix)
	}
	return o, nil
}

// network reads a network, or the one of a single address.
func network(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap().WithZone("")
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}

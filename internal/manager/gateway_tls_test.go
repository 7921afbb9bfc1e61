package manager_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/acmetest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestRestartsBehindTLSFailNoRequestToAnInstance(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	ca := certtest.NewCA(t, "root")
	cert, key := ca.Issue(t, "*.portal.example").Write(t, p.dir)
	_, port, err := net.SplitHostPort(p.gateway)
	if err != nil {
		t.Fatal(err)
	}
	p.environment = append(p.environment, "ORBIT_GATEWAY_LISTEN=0.0.0.0:"+port, "ORBIT_GATEWAY_DOMAIN=portal.example",
		"ORBIT_GATEWAY_TLS_CERT_FILE="+cert, "ORBIT_GATEWAY_TLS_KEY_FILE="+key)
	plain := freeAddress(t)
	p.environment = append(p.environment, "ORBIT_GATEWAY_HTTP_LISTEN="+plain)
	p.start(t, nil)
	if want := "instances=https://<workspace>.portal.example:" + port; !strings.Contains(strings.ReplaceAll(p.log(), `"`, ""), want) {
		t.Errorf("the log does not say %s", want)
	}
	if !strings.Contains(p.log(), "a certificate expires soon") {
		t.Error("the log does not warn of a certificate that ends within the hour")
	}
	c := p.client(t)
	change, err := c.PutInstance(t.Context(), "acme", orbit.IfAbsent(), orbit.InstanceWrite{
		InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", MemoryLimitMiB: 1024},
	})
	if err != nil {
		t.Fatal(err)
	}
	applied(t, settle(t, c, change), orbit.ImpactNone)
	loads := map[string]*load{}
	for what, transport := range map[string]*http.Transport{
		"new connections":     {DisableKeepAlives: true},
		"kept connections":    {},
		"kept HTTP/2 streams": {ForceAttemptHTTP2: true},
	} {
		transport.TLSClientConfig = &tls.Config{RootCAs: ca.Pool()}
		transport.DialContext = dialOnly(p.gateway)
		loads[what] = startLoadOver(t, transport, 2, "https://acme.portal.example:"+port+"/.backstage/health/v1/readiness", http.StatusOK)
	}
	redirected := &http.Transport{DialContext: dialOnly(plain), DisableKeepAlives: true}
	loads["plain HTTP"] = startLoadOver(t, redirected, 1, "http://evil.example/", http.StatusNotFound)
	for range 3 {
		if _, err := p.run("restart"); err != nil {
			t.Fatal(err)
		}
	}
	response, err := redirected.RoundTrip(ofHost(t, "http://acme.portal.example/catalog"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if to := response.Header.Get("Location"); response.StatusCode != http.StatusPermanentRedirect || to != "https://acme.portal.example:"+port+"/catalog" {
		t.Errorf("plain HTTP is answered %d to %q", response.StatusCode, to)
	}
	for what, l := range loads {
		l.end(t, "instance behind TLS, "+what+", 3 restarts")
	}
}

// dialOnly connects to the address, whatever is asked for.
func dialOnly(address string) func(ctx context.Context, network, _ string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}

func ofHost(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestInstancesGetCertificatesOfACA(t *testing.T) {
	t.Parallel()
	secure, plain := freeAddress(t), freeAddress(t)
	authority := acmetest.New(t, portOf(t, secure), portOf(t, plain))
	s, c := serverWith(t, managertest.Options{Gateway: func(o *manager.Options) {
		o.GatewayListen, o.GatewayHTTPListen, o.GatewayPublicURL = secure, plain, "https://portal.example"
		o.GatewayACME = certificate.ACME{Directory: authority.Directory, CAFile: authority.File, AgreeTerms: true}
	}})
	declare(t, c, "acme", title("Acme"))
	declare(t, c, "globex", title("Globex"), at("https://dev.globex.example"))
	ask := func(url string) (string, error) {
		transport := &http.Transport{
			DialContext: dialOnly(s.Manager.GatewayAddress()), ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: authority.Roots},
		}
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: transport, Timeout: patience}).Do(ofHost(t, url))
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		return response.Proto + " " + string(body), err
	}
	check := func(when string) {
		t.Helper()
		for url, says := range map[string]string{"https://acme.portal.example/": `"https://acme.portal.example"`, "https://dev.globex.example/": `"https://dev.globex.example"`} {
			if body, err := ask(url); err != nil || !strings.HasPrefix(body, "HTTP/2.0") || !strings.Contains(body, says) {
				t.Errorf("%s %s is answered %.200s (%v), want its config over HTTP/2", when, url, body, err)
			}
		}
		for _, url := range []string{"https://initech.portal.example/", "https://portal.example/", "https://evil.example/"} {
			if body, err := ask(url); err == nil {
				t.Errorf("%s %s, which is no instance's, is answered %.100s", when, url, body)
			}
		}
	}
	check("at first")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after a restart")
	remove(t, c, "acme")
	if _, err := ask("https://acme.portal.example/"); err == nil {
		t.Error("the host of an instance that is gone gets a certificate")
	}
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return int(parsed.Port())
}

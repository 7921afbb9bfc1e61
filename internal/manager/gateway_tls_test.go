package manager_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
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
	p.start(t, nil)
	if want := "instances=https://<workspace>.portal.example:" + port; !strings.Contains(strings.ReplaceAll(p.log(), `"`, ""), want) {
		t.Errorf("the log does not say %s", want)
	}
	if !strings.Contains(p.log(), "the gateway's certificate expires soon") {
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
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, p.gateway)
		}
		loads[what] = startLoadOver(t, transport, 2, "https://acme.portal.example:"+port+"/.backstage/health/v1/readiness", http.StatusOK)
	}
	for range 3 {
		if _, err := p.run("restart"); err != nil {
			t.Fatal(err)
		}
	}
	for what, l := range loads {
		l.end(t, "instance behind TLS, "+what+", 3 restarts")
	}
}

package provider_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
)

// Those of these tests that set variables of the environment do not run beside others.

//nolint:paralleltest // it sets variables of the environment in a loop
func TestHCPTerraformsIdentityComesAfterWhatIsConfigured(t *testing.T) {
	api := newFakeAPI(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("of-the-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	ordered := []struct{ variable, value, calledBy string }{
		{"TFC_WORKLOAD_IDENTITY_TOKEN", "of-the-run", "TFC_WORKLOAD_IDENTITY_TOKEN."},
		{"TFC_WORKLOAD_IDENTITY_TOKEN_ORBIT", "of-the-run-for-orbit", "TFC_WORKLOAD_IDENTITY_TOKEN_ORBIT."},
		{"ORBIT_TOKEN_FILE", file, "ORBIT_TOKEN_FILE (" + file + ")."},
		{"ORBIT_TOKEN", "of-the-environment", "ORBIT_TOKEN."},
	}
	for _, next := range ordered {
		t.Setenv(next.variable, next.value)
		refused := newCore(t, object{"endpoint": api.URL}).instance().plan(t, acme()).diags.errors()
		want(t, refused, "does not accept the token from "+next.calledBy)
	}
	must(t, "the block's", newCore(t, object{"endpoint": api.URL, "token": fakeToken}).instance().plan(t, acme()).diags)
}

func TestTheEnvironmentSetsWhatTheBlockLeavesOut(t *testing.T) {
	api := newFakeAPI(t)
	t.Setenv("ORBIT_DEFAULT_LABELS", "stage=dev, team=payments")
	t.Setenv("ORBIT_MAX_RETRIES", "0")
	t.Setenv("ORBIT_MAX_CONCURRENCY", "2")
	p := newCore(t, object{"endpoint": api.URL, "token": fakeToken}).instance().plan(t, acme())
	want(t, fmt.Sprint(p.get("labels_all")), "stage:dev", "team:payments")
	p = newCore(t, object{"endpoint": api.URL, "token": fakeToken, "default_labels": object{"only": "x"}}).instance().plan(t, acme())
	if got := fmt.Sprint(p.get("labels_all")); got != "map[only:x]" {
		t.Errorf("labels_all = %s, want those of the block alone", got)
	}
	for variable, value := range map[string]string{
		"ORBIT_MAX_RETRIES": "many", "ORBIT_MAX_CONCURRENCY": "0", "ORBIT_DEFAULT_LABELS": "team", "ORBIT_CLIENT_CERT": "x",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			found := diagnostics(configure(t, object{"endpoint": api.URL}, nil).Diagnostics)
			want(t, found.errors(), "Unable to configure the provider orbit", variable)
		})
	}
}

func TestEveryUnknownSettingIsWaitedFor(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	for _, name := range []string{
		"endpoint", "token", "token_file", "ca_cert", "ca_cert_file", "client_cert", "client_cert_file", "client_key",
		"client_key_file", "max_retries", "max_concurrency",
	} {
		config := object{"endpoint": api.URL, "token": fakeToken, name: unknown}
		if name == "token_file" {
			delete(config, "token")
		}
		p := newCore(t, config).instance().plan(t, acme())
		must(t, name, p.diags)
		want(t, p.diags.warnings(), "Planned without orbitd", "known only after apply")
	}
	if len(api.writes) != 0 {
		t.Error("somebody was asked although a setting is unknown")
	}
}

func TestATokenInTheClearIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	for endpoint, clear := range map[string]bool{
		"http://orbit.example.com:7070": true, "http://192.0.2.1": true, "https://orbit.example.com": false,
		"http://127.0.0.1:7070": false, "http://localhost:7070": false, "http://[::1]:7070": false, "http://a.localhost": false,
	} {
		found := diagnostics(configure(t, object{"endpoint": endpoint}, nil).Diagnostics)
		if got := strings.Contains(found.warnings(), "in the clear"); got != clear || found.hasErrors() {
			t.Errorf("%s: %s%s", endpoint, found.warnings(), found.errors())
		}
	}
}

// overTLS is the API behind TLS, which wants a client certificate of the authority.
func overTLS(t *testing.T, api *fakeAPI, authority *certtest.CA) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(api.Config.Handler.ServeHTTP))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{authority.Issue(t, "orbit.example").TLS(t)}, ClientCAs: authority.Pool(),
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func TestOrbitdIsReachedOverTLSWithAClientCertificate(t *testing.T) {
	t.Parallel()
	api, authority := newFakeAPI(t), certtest.NewCA(t, "root")
	endpoint, pair := overTLS(t, api, authority), authority.Issue(t, "orbit.example")
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certificate, key := file("client.pem", pair.Cert), file("client.key", pair.Key)
	config := object{
		"endpoint": endpoint, "token": fakeToken, "ca_cert": string(authority.PEM()),
		"client_cert_file": certificate, "client_key_file": key,
	}
	p := newCore(t, config).instance().plan(t, acme())
	must(t, "plan", p.diags)
	if p.diags.warnings() != "" {
		t.Errorf("warnings: %s", p.diags.warnings())
	}

	other := certtest.NewCA(t, "root").Issue(t, "orbit.example")
	for name, c := range map[string]struct {
		changes object
		says    []string
	}{
		"no authority":            {object{"ca_cert": nil}, []string{"unknown authority", "set ca_cert_file"}},
		"no client certificate":   {object{"client_cert_file": nil, "client_key_file": nil}, []string{"client_cert_file"}},
		"a missing file":          {object{"client_key_file": dir + "/none"}, []string{"Read the file that client_key_file names", dir + "/none"}},
		"what is not PEM":         {object{"ca_cert": "hello"}, []string{"ca_cert is not PEM", "-----BEGIN CERTIFICATE-----"}},
		"a key for a certificate": {object{"client_cert_file": key}, []string{"client_cert_file (" + key + ") has a PRIVATE KEY in it and no CERTIFICATE"}},
		"another key": {object{"client_key_file": file("other.key", other.Key)}, []string{
			"of client_cert_file (" + certificate + ") and the key of client_key_file (", "do not go together", "private key does not match",
		}},
	} {
		found := newCore(t, with(config, c.changes)).instance().plan(t, acme()).diags
		want(t, found.errors(), append(c.says, "Unable to plan instance acme")...)
		if strings.Contains(found.errors(), string(other.Key[40:80])) {
			t.Errorf("%s: the key is shown", name)
		}
	}
}

// validates says whether the provider takes the configuration.
func validates(t *testing.T, core *core, typ tftypes.Type, config object) bool {
	t.Helper()
	answer, err := core.server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{
		Config: dynamic(t, typ, encode(t, typ, config)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return !diagnostics(answer.Diagnostics).hasErrors()
}

func TestASettingIsGivenOnceOnly(t *testing.T) {
	t.Parallel()
	core := newCore(t, nil)
	typ := core.schema.Provider.ValueType()
	for _, name := range []string{"token", "ca_cert", "client_cert", "client_key"} {
		if !validates(t, core, typ, object{name: "x"}) || validates(t, core, typ, object{name: "x", name + "_file": "y"}) {
			t.Errorf("%s and %s_file are taken together", name, name)
		}
	}
	for name, value := range map[string]any{"max_retries": 11, "max_concurrency": 0, "endpoint": ""} {
		if validates(t, core, typ, object{name: value}) {
			t.Errorf("%s = %v is taken", name, value)
		}
	}
}

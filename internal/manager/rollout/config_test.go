package rollout

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
)

func TestOrbitdSetsEveryKeyItOwns(t *testing.T) {
	t.Parallel()
	own, err := managed("http://acme.localhost:7007", postgres.Connection{Host: "/run/x", Port: 5432, User: "u", Database: "d"}, "p")
	if err != nil {
		t.Fatal(err)
	}
	app, err := served(webapp.App{Dir: "/d", Hash: "d"}, webapp.App{Dir: "/e", Hash: "e"}, nil, "http://acme.localhost", appconfig.Document{})
	if err != nil {
		t.Fatal(err)
	}
	own = appconfig.Merge(own, app)
	left := []string{"backend.https", "app.disableConfigInjection"} // owned to be left out
	for _, key := range appconfig.OwnedKeys() {
		if slices.Contains(left, key.Path.String()) {
			continue
		}
		if own.At(key.Path).Kind() == appconfig.Missing {
			t.Errorf("%s is refused in users' documents, but orbitd does not set it", key.Path)
		}
	}
}

func TestTLSToAPostgreSQLOfSomebodyElse(t *testing.T) {
	t.Parallel()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, []byte("PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ mode, root, want string }{
		"none":               {"", "", `null`},
		"disable":            {"disable", "", `null`},
		"require":            {"require", "", `{"rejectUnauthorized":false}`},
		"require with a CA":  {"require", authority, `{"ca":"PEM","rejectUnauthorized":true}`},
		"verify-full":        {"verify-full", "", `{"rejectUnauthorized":true}`},
		"verify-ca and a CA": {"verify-ca", authority, `{"ca":"PEM","rejectUnauthorized":true}`},
	} {
		options, err := tlsOptions(postgres.Connection{SSLMode: test.mode, SSLRootCert: test.root})
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(options)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

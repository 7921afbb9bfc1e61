package bundle_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

// release is a small release that the fake npm "installs".
var release = bundle.Release{
	Version:  "1.0.0",
	Manifest: []byte(`{"name":"r","version":"1.0.0","dependencies":{"base-plugin":"1.0.0"},"orbit":{"features":["base-plugin"],"extra":1}}`),
	Lockfile: []byte(`{"name":"r","lockfileVersion":3,"packages":{"":{},"node_modules/base-plugin":{"version":"1.0.0"},
		"node_modules/for-macs":{"os":"darwin","optional":true},"node_modules/for-mainframes":{"cpu":["s390x"]},
		"node_modules/not-for-us":{"os":["!linux"]}}}`),
}

var argo = bundle.Plugin{Package: "@acme/argo-backend", Version: "4.8.0"}

// installs is the script of an npm that works: it logs its calls and installs the base and one plugin.
const installs = `
echo "$*" >>"$home/calls"
case "$*" in
  *--package-lock-only*) ;;
  ci*) mkdir -p node_modules/base-plugin && echo base >node_modules/base-plugin/package.json &&
       echo hidden >node_modules/.package-lock.json ;;
  install*) mkdir -p node_modules/@acme/argo-backend && echo plugin >node_modules/@acme/argo-backend/package.json &&
       echo changed >node_modules/.package-lock.json ;;
esac
`

func open(t *testing.T, dir string, fake npmtest.Fake) *bundle.Store {
	t.Helper()
	store, err := bundle.NewStore(bundle.Options{Dir: dir, NPM: npm.Client{Path: fake.Path()}})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// entries returns the names in the cache's folder of bundles, finished or not.
func entries(t *testing.T, cache string) []string {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(cache, "bundles"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func npmPlatform() string {
	return map[string]string{"amd64": "linux-x64", "arm64": "linux-arm64"}[runtime.GOARCH]
}

package registry_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// registry is the script of an npm whose registry knows a few packages.
const answers = `
echo "$*" >>"$home/calls"
missing() { echo '{"error":{"code":"E404","summary":"'"$1"'","detail":""}}'; exit 1; }
case "$2" in
  backend@1.0.0) echo '{"name":"backend","version":"1.0.0","backstage":{"role":"backend-plugin","pluginId":"b"}}' ;;
  module@1.0.0) echo '{"version":"1.0.0","backstage":{"role":"backend-plugin-module","pluginPackage":"backend"}}' ;;
  front@1.0.0) echo '{"backstage":{"role":"frontend-plugin","pluginPackages":["front","a-common","front-backend"]}}' ;;
  plain@1.0.0) echo '{"name":"plain","version":"1.0.0"}' ;;
  backend) echo '"1.2.3"' ;;
  backend@*) missing "No match found for version 9.9.9" ;;
  down@*) echo '{"error":{"code":"ECONNREFUSED","summary":"connect refused","detail":""}}'; exit 1 ;;
  *) missing "Not Found" ;;
esac
`

// release is a small release that contains one plugin.
var release = bundle.Release{Version: "1.0.0", Manifest: []byte(`{"dependencies":{"base-plugin":"1.0.0"}}`)}

func open(t *testing.T, cache string, fake npmtest.Fake) *registry.Registry {
	t.Helper()
	return openWith(t, cache, npm.Client{Path: fake.Path()})
}

func openWith(t *testing.T, cache string, client npm.Client) *registry.Registry {
	t.Helper()
	store, err := bundle.NewStore(bundle.Options{Dir: cache, NPM: client})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := registry.New(registry.Options{Dir: filepath.Join(cache, "metadata"), NPM: client, Bundles: store})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestCheckFindsWhatCannotBeInstalledOrLoaded(t *testing.T) {
	t.Parallel()
	const fails, warns = orbit.SeverityError, orbit.SeverityWarning
	tests := []struct {
		plugin   bundle.Plugin
		code     orbit.Code
		severity orbit.Severity
		says     string
	}{
		{plugin: bundle.Plugin{Package: "backend", Version: "1.0.0"}},
		{plugin: bundle.Plugin{Package: "module", Version: "1.0.0"}},
		{bundle.Plugin{Package: "front", Version: "1.0.0"}, orbit.CodeWrongRole, fails, "its backend is front-backend"},
		{bundle.Plugin{Package: "backend", Version: "9.9.9"}, orbit.CodeVersionNotFound, fails, "the newest is 1.2.3"},
		{bundle.Plugin{Package: "nowhere", Version: "1.0.0"}, orbit.CodePackageNotFound, fails, "no package of this name"},
		{bundle.Plugin{Package: "base-plugin", Version: "2.0.0"}, orbit.CodeInRelease, fails, "in version 1.0.0"},
		{bundle.Plugin{Package: "plain", Version: "1.0.0"}, orbit.CodeUnchecked, warns, "backstage.role"},
		{bundle.Plugin{Package: "down", Version: "1.0.0"}, orbit.CodeUnchecked, warns, "ECONNREFUSED"},
		{bundle.Plugin{Package: "Upper Case", Version: "1.0.0"}, orbit.CodeInvalidPackage, fails, "lower case"},
		{bundle.Plugin{Package: "backend", Version: "1"}, orbit.CodeInvalidVersion, fails, "exact version"},
	}
	store := open(t, t.TempDir(), npmtest.NewFake(t, answers))
	for _, test := range tests {
		t.Run(test.plugin.String(), func(t *testing.T) {
			t.Parallel()
			found := store.Check(t.Context(), release, []bundle.Plugin{test.plugin})
			if test.code == "" {
				if len(found) != 0 {
					t.Errorf("Check found %v in a good plugin", found)
				}
				return
			}
			if len(found) != 1 || found[0].Code != test.code || found[0].Severity != test.severity ||
				found[0].Plugin != test.plugin.Package || !strings.Contains(found[0].Message, test.says) {
				t.Errorf("Check found %+v, want %s as %s with %q", found, test.code, test.severity, test.says)
			}
		})
	}
}

func TestCheckAnswersInTheOrderOfThePlugins(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir(), npmtest.NewFake(t, answers))
	found := store.Check(t.Context(), release, []bundle.Plugin{
		{Package: "nowhere", Version: "1.0.0"}, {Package: "backend", Version: "1.0.0"}, {Package: "down", Version: "1.0.0"},
		{Package: "base-plugin", Version: "1.0.0"},
	})
	var names []string
	for _, diagnostic := range found {
		names = append(names, diagnostic.Plugin)
	}
	if diff := cmp.Diff([]string{"nowhere", "down", "base-plugin"}, names); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestAnExactVersionIsAskedForOnce(t *testing.T) {
	t.Parallel()
	fake, cache := npmtest.NewFake(t, answers), t.TempDir()
	want := registry.Metadata{Role: "backend-plugin", PluginID: "b"}
	for range 2 {
		store := open(t, cache, fake) // the second one finds the file
		for range 2 {
			got, err := store.Inspect(t.Context(), "backend", "1.0.0")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Inspect (-want +got):\n%s", diff)
			}
		}
	}
	if calls := fake.Calls(); len(calls) != 1 {
		t.Errorf("npm was called %d times, want once", len(calls))
	}
}

func TestAMissingVersionIsAskedForAgain(t *testing.T) {
	t.Parallel()
	fake := npmtest.NewFake(t, answers)
	store := open(t, t.TempDir(), fake)
	if _, err := store.Inspect(t.Context(), "late", "1.0.0"); err == nil {
		t.Fatal("Inspect found a package that is not there")
	}
	fake.Runs(`echo '{"backstage":{"role":"backend-plugin"}}'`)
	if _, err := store.Inspect(t.Context(), "late", "1.0.0"); err != nil {
		t.Errorf("once it is published: %v", err)
	}
}

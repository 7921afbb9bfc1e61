package bundle_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

func TestTheIDsOfAPluginAreThoseOfThePackagesThatAreLoaded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"package.json":                         `{"orbit":{"features":["@acme/a-backend","a-module","untold","nameless"]}}`,
		"node_modules/@acme/a-backend":         `{"backstage":{"role":"backend-plugin","pluginId":"a"}}`,
		"node_modules/a-module":                `{"backstage":{"role":"backend-plugin-module","pluginId":"a"}}`,
		"node_modules/untold":                  `{}`,
		"node_modules/nameless":                `{"backstage":{"role":"backend-plugin"}}`,
		"node_modules/not-a-feature-of-orbits": `{"backstage":{"role":"backend-plugin","pluginId":"b"}}`,
	} {
		if name != "package.json" {
			if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
			name = filepath.Join(name, "package.json")
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := bundle.Bundle{Dir: dir}.PluginIDs()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"@acme/a-backend": "a", "untold": "", "nameless": ""}, ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func TestAllPluginsOfTheReleaseSayTheirIDs(t *testing.T) {
	t.Parallel()
	installed := os.Getenv("ORBIT_TEST_BUNDLE")
	if installed == "" {
		t.Skip("ORBIT_TEST_BUNDLE does not name an installed release: make test sets it")
	}
	ids, err := bundle.Bundle{Dir: installed}.PluginIDs()
	if err != nil {
		t.Fatal(err)
	}
	if ids["@backstage/plugin-catalog-backend"] != "catalog" {
		t.Errorf("the ids are %v, want the catalog's among them", ids)
	}
	for name, id := range ids {
		if id == "" {
			t.Errorf("%s does not say its id", name)
		}
	}
}

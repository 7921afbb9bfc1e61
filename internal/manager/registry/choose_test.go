package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
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

// ranged is a package whose versions have all that makes npm prefer one to another. Its latest is not its highest.
func ranged() map[string]any {
	versions := map[string]any{}
	for _, v := range []string{"1.0.0", "1.2.0", "1.5.0", "1.6.0-next.1", "2.0.0", "2.1.0", "3.0.0", "3.1.0", "4.0.0-beta.1", "4.0.0-beta.2", "5.0.0"} {
		versions[v] = map[string]any{"name": "ranged", "version": v, "dist": map[string]any{
			"tarball": "http://127.0.0.1:1/ranged-" + v + ".tgz", "integrity": "sha512-" + strings.Repeat("A", 86) + "==",
		}}
	}
	versions["2.1.0"].(map[string]any)["deprecated"] = "it breaks"
	versions["3.1.0"].(map[string]any)["engines"] = map[string]any{"node": ">=99"}
	versions["5.0.0"].(map[string]any)["deprecated"] = "alone and sad"
	return map[string]any{"name": "ranged", "dist-tags": map[string]string{"latest": "1.5.0", "next": "4.0.0-beta.2"}, "versions": versions}
}

func serveRanged(t *testing.T) *npmtest.Registry {
	t.Helper()
	served := npmtest.NewRegistry(t)
	served.Break(func(w http.ResponseWriter, request *http.Request) bool {
		if request.URL.Path != "/ranged" {
			return false
		}
		_ = json.NewEncoder(w).Encode(ranged())
		return true
	})
	return served
}

func TestAVersionIsChosenAsNPMChooses(t *testing.T) {
	t.Parallel()
	served := serveRanged(t)
	constraints := []string{
		"*", "1.x", "~1.2", ">=1", ">=1 <2", ">1.5.0", "1.0.0 - 1.3", "2", "=1.2.0", "3", "^3.1.0", "1.0.0 || 2.x", "~1.6.0-next.0",
		"^4.0.0-beta.1", ">=4", "<= 2.0.0",
	}
	// npm itself resolves all of them, each under a name of its own.
	dependencies := make(map[string]string)
	for i, constraint := range constraints {
		dependencies[fmt.Sprintf("r%d", i)] = "npm:ranged@" + constraint
	}
	dir := t.TempDir()
	manifest, err := json.Marshal(map[string]any{"name": "oracle", "version": "1.0.0", "dependencies": dependencies})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	client := served.Client()
	if _, err := client.Run(t.Context(), npm.Call{Dir: dir, Args: []string{"install", "--package-lock-only", "--json"}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Version string `json:"version"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	asked := open(t, client, func(o *registry.Options) { o.Node = "24.1.0" })
	for i, constraint := range constraints {
		t.Run(constraint, func(t *testing.T) {
			t.Parallel()
			want := lock.Packages[fmt.Sprintf("node_modules/r%d", i)].Version
			got, err := asked.Choose(t.Context(), "ranged", constraint)
			if err != nil || got != want {
				t.Errorf("Choose of %q gives %q, %v; npm takes %q", constraint, got, err, want)
			}
		})
	}
}

func TestARangeThatNoVersionSatisfies(t *testing.T) {
	t.Parallel()
	served := serveRanged(t)
	asked := open(t, served.Client(), func(o *registry.Options) { o.Policy = policy(t, []string{"*"}, []string{"denied"}) })
	for _, test := range []struct {
		pkg, constraint string
		code            orbit.Code
		says            string
	}{
		{"ranged", "^7", orbit.CodeVersionNotFound, `"^7"; the newest is 1.5.0`},
		{"nowhere", "^7", orbit.CodePackageNotFound, "no package of this name"},
		{"denied", "^1", orbit.CodePackageDenied, "deny list"},
		{"Bad", "^1", orbit.CodeInvalidPackage, "lower case"},
		{"ranged", "", orbit.CodeInvalidVersion, "range"},
		{"ranged", "https://x/y.tgz", orbit.CodeInvalidVersion, "range"},
		{"ranged", "git://x/y.git", orbit.CodeInvalidVersion, "range"},
		{"ranged", "file:../x", orbit.CodeInvalidVersion, "range"},
		{"ranged", "owner/name", orbit.CodeInvalidVersion, "range"},
		{"ranged", "1.0.0-x.tgz", orbit.CodeInvalidVersion, "range"},
		{"ranged", "1; reboot", orbit.CodeInvalidVersion, "range"},
		{"ranged", strings.Repeat("1", 1000), orbit.CodeInvalidVersion, "range"},
	} {
		_, err := asked.Choose(t.Context(), test.pkg, test.constraint)
		var found *bundle.Error
		if !errors.As(err, &found) || found.Code != test.code || !strings.Contains(found.Detail, test.says) {
			t.Errorf("Choose of %s %.30q gives %v, want %s with %q", test.pkg, test.constraint, err, test.code, test.says)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	served := serveRanged(t)
	asked := open(t, served.Client())
	want := []string{"5.0.0", "4.0.0-beta.2", "4.0.0-beta.1", "3.1.0", "3.0.0", "2.1.0", "2.0.0", "1.6.0-next.1", "1.5.0", "1.2.0", "1.0.0"}
	for version, is := range map[string]string{"": "1.5.0", "2.0.0": "2.0.0"} {
		found, err := asked.Describe(t.Context(), "ranged", version)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, found.Versions); diff != "" || found.Latest != "1.5.0" || found.Manifest.Version != is {
			t.Errorf("Describe of %q gives latest %s, manifest of %s, versions (-want +got):\n%s", version, found.Latest, found.Manifest.Version, diff)
		}
	}
	_, err := asked.Describe(t.Context(), "ranged", "9.9.9")
	var found *bundle.Error
	if !errors.As(err, &found) || found.Code != orbit.CodeVersionNotFound || !strings.Contains(found.Detail, "the newest is 1.5.0") {
		t.Errorf("Describe of a version that is not there gives %v", err)
	}
}

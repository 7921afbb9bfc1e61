package manager

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestAPackageIsDescribedByWhatTheRegistrySays(t *testing.T) {
	t.Parallel()
	got := describe(registry.Package{
		Versions: []string{"1.2.0", "1.1.0"}, Latest: "1.2.0",
		Manifest: npm.Manifest{
			Name: "@x/plugin-a-backend-module-b", Version: "1.1.0", Deprecated: "use another",
			Backstage: npm.Backstage{
				Role: npm.RoleBackendModule, PluginID: "a", PluginPackage: "@x/plugin-a-backend", Features: map[string]string{".": npm.BackendFeature},
			},
			Engines:          map[string]string{"node": "22 || 24", "npm": ">=10"},
			Dependencies:     map[string]string{"@backstage/config": "^1.0.0", "express": "^4.0.0"},
			PeerDependencies: map[string]string{"@backstage/config": "*", "@backstage/types": "^1.2.0"},
		},
	})
	want := orbit.Package{
		Name: "@x/plugin-a-backend-module-b", Version: "1.1.0", Role: "backend-plugin-module", PluginID: "a", PluginPackage: "@x/plugin-a-backend",
		PluginPackages: []string{}, Versions: []string{"1.2.0", "1.1.0"}, LatestVersion: "1.2.0", Deprecated: "use another",
		Requires: orbit.PackageRequirements{
			Node: "22 || 24", Plugin: "@x/plugin-a-backend", Backstage: map[string]string{"@backstage/config": "^1.0.0", "@backstage/types": "^1.2.0"},
		},
		NewBackendSystem: new(true),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	for name, features := range map[string]map[string]string{
		"not a backend's": {".": "@backstage/FrontendPlugin"}, "not what is loaded": {"./alpha": npm.BackendFeature}, "unknown": nil,
	} {
		known := newBackendSystem(npm.Backstage{Features: features})
		if (known == nil) != (features == nil) || known != nil && *known {
			t.Errorf("%s: %v", name, known)
		}
	}
}

func TestWhatIsProvenIsToldOfItsRelease(t *testing.T) {
	t.Parallel()
	release := backstage.Default().Version
	for _, tried := range backstage.Proven(release) {
		got := proven(release, tried.Package)
		if got == nil || got.Booted != tried.Booted || got.Version != tried.Version || got.Reason != tried.Reason {
			t.Fatalf("%s is told as %+v, want %+v", tried.Package, got, tried)
		}
		if got := proven("0.1.0", tried.Package); got != nil {
			t.Fatalf("%s was not tried with another release, and is told as %+v", tried.Package, got)
		}
	}
	if got := proven(release, "@nobody/plugin-tried-backend"); got != nil {
		t.Errorf("a package that nobody tried is told as %+v", got)
	}
}

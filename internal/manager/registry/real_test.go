package registry_test

import (
	"context"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// argoCD is a plugin of the community that the release does not contain.
var argoCD = bundle.Plugin{Package: "@roadiehq/backstage-plugin-argo-cd-backend", Version: "4.8.0"}

func realRelease() bundle.Release {
	release := backstage.Default()
	return bundle.Release{Version: release.Version, Manifest: release.Manifest, Lockfile: release.Lockfile}
}

func TestTheRealRegistryIsAskedBeforeInstalling(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the real registry")
	}
	asked := openWith(t, t.TempDir(), npm.Client{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	start := time.Now()
	found := asked.Check(ctx, realRelease(), []bundle.Plugin{
		argoCD,
		{Package: argoCD.Package, Version: "999.0.0"},
		{Package: "@roadiehq/backstage-plugin-argo-cd-backend-that-is-not", Version: "1.0.0"},
		{Package: "@backstage/plugin-catalog", Version: "2.0.9"},
		{Package: "@backstage/plugin-catalog-backend", Version: "4.0.0"},
	})
	t.Logf("five checks took %s", time.Since(start).Round(time.Millisecond))
	want := []orbit.Code{
		orbit.CodeVersionNotFound, orbit.CodePackageNotFound, orbit.CodeWrongRole, orbit.CodeInRelease,
	}
	if len(found) != len(want) {
		t.Fatalf("Check found %v, want %v", found, want)
	}
	for i, diagnostic := range found {
		t.Log(diagnostic)
		if diagnostic.Code != want[i] {
			t.Errorf("Check found %s, want %s", diagnostic, want[i])
		}
	}
}

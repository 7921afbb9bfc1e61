package registry_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

func realRelease() bundle.Release {
	release := backstage.Default()
	return bundle.Release{Version: release.Version, Manifest: release.Manifest, Lockfile: release.Lockfile}
}

func TestTheRealRegistryIsAskedBeforeInstalling(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the real registry")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cache, all := t.TempDir(), plugins(
		"@roadiehq/backstage-plugin-argo-cd-backend@4.8.0",
		"@roadiehq/backstage-plugin-argo-cd-backend@999.0.0",
		"@roadiehq/backstage-plugin-argo-cd-backend-that-is-not@1.0.0",
		"@backstage-community/plugin-jenkins@0.34.0",
		"@backstage/catalog-model@1.10.1",
		"@backstage/plugin-catalog-backend@4.0.0",
		"@coder/backstage-plugin-devcontainers-backend@0.1.1",
	)
	found := openIn(t, cache, npm.Client{}).CheckAlone(ctx, realRelease(), all)
	for _, d := range found {
		t.Log(d)
	}
	want := []string{
		"version_not_found error @roadiehq/backstage-plugin-argo-cd-backend",
		"package_not_found error @roadiehq/backstage-plugin-argo-cd-backend-that-is-not",
		"wrong_role error @backstage/catalog-model",
		"in_release error @backstage/plugin-catalog-backend",
		"legacy_backend error @coder/backstage-plugin-devcontainers-backend",
	}
	if diff := cmp.Diff(want, codes(found)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestAProblemThatMetadataShowsIsReportedSoon(t *testing.T) { //nolint:paralleltest // it tells how long something takes
	if testing.Short() {
		t.Skip("asks the real registry")
	}
	cache, library := t.TempDir(), plugins("@backstage/catalog-model@1.10.1")
	checked := openIn(t, cache, npm.Client{})
	for _, figure := range []string{"check_cold_ms", "check_warm_ms"} {
		start := time.Now()
		if found := checked.CheckAlone(t.Context(), realRelease(), library); len(found) != 1 {
			t.Errorf("CheckAlone found %v, want one problem", found)
		}
		fmt.Printf("figure: %s: %d\n", figure, time.Since(start).Milliseconds())
	}
}

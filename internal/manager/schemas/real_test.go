package schemas_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/schemas"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// readTimeout covers a machine that has nothing in npm's cache, and is busy.
const readTimeout = 5 * time.Minute

func TestSchemasOfAReleaseAndOfAPluginThatIsNotInstalled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the real registry, and installs a whole Backstage where it is not yet")
	}
	ctx, cancel := context.WithTimeout(t.Context(), readTimeout)
	defer cancel()
	cache, err := bundle.DefaultDir()
	if err != nil {
		t.Fatal(err)
	}
	store, err := bundle.NewStore(bundle.Options{Dir: cmp.Or(os.Getenv("ORBIT_CACHE_DIR"), cache)})
	if err != nil {
		t.Fatal(err)
	}
	release := backstage.Default()
	wanted := bundle.Release{Version: release.Version, Manifest: release.Manifest, Lockfile: release.Lockfile}
	if _, err := store.Ensure(ctx, wanted, nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	fetched := 0
	open := func() *schemas.Keeper {
		asked, err := registry.New(registry.Options{Dir: filepath.Join(dir, "metadata"), Bundles: store})
		if err != nil {
			t.Fatal(err)
		}
		host := filepath.Join(dir, "host")
		if err := os.CopyFS(host, backstage.Host()); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		keeper, err := schemas.New(schemas.Options{
			Dir: filepath.Join(dir, "schemas"), Host: host, Bundles: store,
			Fetch: func(ctx context.Context, packages []bundle.Plugin) ([]map[string]string, error) {
				fetched++
				return asked.Files(ctx, packages)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return keeper
	}
	argo := []bundle.Plugin{{Package: "@roadiehq/backstage-plugin-argo-cd-backend", Version: "4.8.0"}}

	keeper := open()
	if _, known := keeper.Known(wanted, argo); known {
		t.Error("schemas are known before anybody asked")
	}
	start := time.Now()
	set, err := keeper.Of(ctx, wanted, argo)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("figure: schemas_cold_ms: %d", time.Since(start).Milliseconds())
	for _, name := range []string{argo[0].Package, "@backstage/backend-defaults"} {
		if !slices.Contains(set.Packages(), name) {
			t.Errorf("the set has no schema of %s: %q", name, set.Packages())
		}
	}
	document, faults := appconfig.Parse("argocd: {username: 1, appLocatorMethods: [{type: config, instances: [{name: a, url: b, token: s3cret}]}]}")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if !slices.ContainsFunc(set.Check(document), func(d orbit.Diagnostic) bool { return d.Path == "argocd.username" }) {
		t.Errorf("a number for a name passes: %v", set.Check(document))
	}

	again := open()
	start = time.Now()
	if _, known := again.Known(wanted, argo); !known {
		t.Error("the next orbitd does not know the schemas")
	}
	t.Logf("figure: schemas_known_ms: %d", time.Since(start).Milliseconds())
	start = time.Now()
	if _, err := again.Of(ctx, wanted, argo); err != nil {
		t.Error(err)
	}
	t.Logf("figure: schemas_warm_ms: %d", time.Since(start).Milliseconds())
	if fetched != 1 {
		t.Errorf("packages were fetched %d times, want once", fetched)
	}
}

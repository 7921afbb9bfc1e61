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

// site is a real registry and an installed release.
type site struct {
	release, frontend bundle.Release
	store             *bundle.Store
	dir               string
	fetched           int
}

func newSite(ctx context.Context, t *testing.T) *site {
	t.Helper()
	if testing.Short() {
		t.Skip("asks the real registry, and installs a whole Backstage where it is not yet")
	}
	cache, err := bundle.DefaultDir()
	if err != nil {
		t.Fatal(err)
	}
	store, err := bundle.NewStore(bundle.Options{Dir: cmp.Or(os.Getenv("ORBIT_CACHE_DIR"), cache)})
	if err != nil {
		t.Fatal(err)
	}
	release := backstage.Default()
	s := &site{
		release:  bundle.Release{Version: release.Version, Manifest: release.Manifest, Lockfile: release.Lockfile},
		frontend: bundle.Release{Version: release.Version, Manifest: release.App.Manifest, Lockfile: release.App.Lockfile, LegacyPeers: true},
		store:    store, dir: t.TempDir(),
	}
	if _, err := store.Ensure(ctx, s.release, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens a keeper, as every orbitd does.
func (s *site) open(t *testing.T) *schemas.Keeper {
	t.Helper()
	asked, err := registry.New(registry.Options{Dir: filepath.Join(s.dir, "metadata"), Bundles: s.store})
	if err != nil {
		t.Fatal(err)
	}
	host := filepath.Join(s.dir, "host")
	if err := os.CopyFS(host, backstage.Host()); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	keeper, err := schemas.New(schemas.Options{
		Dir: filepath.Join(s.dir, "schemas"), Host: host, Bundles: s.store,
		Fetch: func(ctx context.Context, packages []bundle.Plugin) ([]map[string]string, error) {
			s.fetched++
			return asked.Files(ctx, packages)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return keeper
}

func TestSchemasOfAReleaseAndOfAPluginThatIsNotInstalled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), readTimeout)
	defer cancel()
	s := newSite(ctx, t)
	argo := []bundle.Plugin{{Package: "@roadiehq/backstage-plugin-argo-cd-backend", Version: "4.8.0"}}

	keeper := s.open(t)
	if _, known := keeper.Known(s.release, argo); known {
		t.Error("schemas are known before anybody asked")
	}
	start := time.Now()
	set, err := keeper.Of(ctx, s.release, argo)
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

	again := s.open(t)
	start = time.Now()
	if _, known := again.Known(s.release, argo); !known {
		t.Error("the next orbitd does not know the schemas")
	}
	t.Logf("figure: schemas_known_ms: %d", time.Since(start).Milliseconds())
	start = time.Now()
	if _, err := again.Of(ctx, s.release, argo); err != nil {
		t.Error(err)
	}
	t.Logf("figure: schemas_warm_ms: %d", time.Since(start).Milliseconds())
	if s.fetched != 1 {
		t.Errorf("packages were fetched %d times, want once", s.fetched)
	}
}

func TestSchemasOfAFrontendPluginThatNoWebAppHasYet(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), readTimeout)
	defer cancel()
	s := newSite(ctx, t)
	const grafana = "@backstage-community/plugin-grafana"
	start := time.Now()
	set, err := s.open(t).Added(ctx, s.release, s.frontend, []bundle.Plugin{{Package: grafana, Version: "0.21.0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("figure: web_app_schemas_cold_ms: %d", time.Since(start).Milliseconds())
	for text, want := range map[string]bool{"grafana: {domain: 'https://g.example.com'}": true, "{}": false, "grafana: {unifiedAlerting: maybe}": false} {
		document, faults := appconfig.Parse(text)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if found := set.CheckWebApp(document); (len(found) == 0) != want {
			t.Errorf("%s: %v", text, found)
		}
	}
	start = time.Now()
	if _, err := s.open(t).Added(ctx, s.release, s.frontend, []bundle.Plugin{{Package: grafana, Version: "0.21.0"}}); err != nil || s.fetched != 1 {
		t.Errorf("the next orbitd fetches again, %d times in all: %v", s.fetched, err)
	}
	t.Logf("figure: web_app_schemas_known_ms: %d", time.Since(start).Milliseconds())
}

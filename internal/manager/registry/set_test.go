package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
)

// withRelease returns a cache in which the release is installed, so that its plugin tells that its id is base.
func withRelease(t *testing.T, of bundle.Release) string {
	t.Helper()
	cache := t.TempDir()
	fake := npmtest.NewFake(t, `mkdir -p node_modules/base-plugin-backend
		echo '{"backstage":{"role":"backend-plugin","pluginId":"base"}}' >node_modules/base-plugin-backend/package.json`)
	store, err := bundle.NewStore(bundle.Options{Dir: cache, NPM: npm.Client{Path: fake.Path()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Ensure(t.Context(), of, nil); err != nil {
		t.Fatal(err)
	}
	return cache
}

func TestCheckSet(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t,
		backend("a-backend@1.0.0", "a"), backend("a-backend@1.1.0", "a"), backend("b-backend@1.0.0", "b"),
		backend("another-a-backend@1.0.0", "a"), backend("another-base-backend@1.0.0", "base"),
		module("a-backend-module-x@1.0.0", "a", "a-backend"), module("base-module-x@1.0.0", "base", "base-plugin-backend"),
		module("base-module-y@1.0.0", "base", "base-of-another-name-backend"), module("gone-module@1.0.0", "gone", "gone-backend"),
		published("untold-module@1.0.0", says{"role": npm.RoleBackendModule, "features": says{".": npm.BackendFeature}}),
		npmtest.Package{Name: "untold-backend", Version: "1.0.0"},
		published("old-b-backend@1.0.0", says{"role": npm.RoleBackendPlugin, "moved": "b-backend", "features": says{".": npm.BackendFeature}}),
		published("front@1.0.0", says{"role": "frontend-plugin", "pluginId": "a"}),
	)
	release := lockedWith(served)
	checked := openIn(t, withRelease(t, release), served.Client())
	for _, test := range []struct {
		name       string
		all, added []string
		want       []string
		says       string
	}{
		{"nothing", nil, nil, nil, ""},
		{"a plugin and its module, and one of the release's plugin",
			[]string{"a-backend@1.0.0", "a-backend-module-x@1.0.0", "base-module-x@1.0.0"}, []string{"a-backend@1.0.0"}, nil, ""},
		{"a plugin beside the one that took its place", []string{"b-backend@1.0.0", "old-b-backend@1.0.0"}, nil,
			[]string{"duplicate_plugin_id error old-b-backend"}, "moved to b-backend"},
		{"a plugin without the one that took its place", []string{"old-b-backend@1.0.0"}, nil, nil, ""},
		{"a module names the release's plugin by its id alone", []string{"base-module-y@1.0.0"}, nil, nil, ""},
		{"another package brings the module's plugin", []string{"a-backend-module-x@1.0.0", "another-a-backend@1.0.0"}, nil, nil, ""},
		{"a frontend does not", []string{"a-backend-module-x@1.0.0", "front@1.0.0"}, nil,
			[]string{"module_without_plugin error a-backend-module-x"}, ""},
		{"a module without its plugin", []string{"a-backend-module-x@1.0.0", "b-backend@1.0.0"}, []string{"a-backend-module-x@1.0.0"},
			[]string{"module_without_plugin error a-backend-module-x"}, "add a-backend (the newest version is 1.1.0)"},
		{"a module that lost its plugin", []string{"a-backend-module-x@1.0.0"}, nil,
			[]string{"module_without_plugin error a-backend-module-x"}, `"a"`},
		{"a module whose plugin the registry does not have", []string{"gone-module@1.0.0"}, nil,
			[]string{"module_without_plugin error gone-module"}, "add gone-backend"},
		{"a module that does not say whose it is", []string{"untold-module@1.0.0"}, nil, nil, ""},
		{"a plugin that does not say which it is", []string{"a-backend-module-x@1.0.0", "untold-backend@1.0.0"}, nil, nil, ""},
		{"a plugin that is not known", []string{"a-backend-module-x@1.0.0", "nowhere@1.0.0"}, nil, nil, ""},
		{"one id twice", []string{"a-backend@1.0.0", "another-a-backend@1.0.0"}, []string{"another-a-backend@1.0.0"},
			[]string{"duplicate_plugin_id error another-a-backend"}, "so is a-backend"},
		{"the blame is on what is added", []string{"a-backend@1.0.0", "another-a-backend@1.0.0"}, []string{"a-backend@1.0.0"},
			[]string{"duplicate_plugin_id error a-backend"}, "so is another-a-backend"},
		{"the release's id", []string{"another-base-backend@1.0.0"}, []string{"another-base-backend@1.0.0"},
			[]string{"duplicate_plugin_id error another-base-backend"}, "from base-plugin-backend"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := checked.CheckSet(t.Context(), release, plugins(test.all...), nil)
			if test.added != nil {
				found = checked.CheckSet(t.Context(), release, plugins(test.all...), plugins(test.added...))
			}
			if diff := cmp.Diff(test.want, codes(found)); diff != "" {
				t.Errorf("CheckSet (-want +got):\n%s", diff)
			}
			if len(found) > 0 && !strings.Contains(found[0].Message, test.says) {
				t.Errorf("CheckSet says %q, want %q in it", found[0].Message, test.says)
			}
		})
	}
}

func TestWhatIsKnownOfASetIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	fake, now := npmtest.NewFake(t, inspected), &clock{time.Now()}
	checked := open(t, npm.Client{Path: fake.Path()})
	checked.SetClock(now.now)
	for range 2 {
		if found := checked.CheckSet(t.Context(), release, plugins("b@1.0.0"), nil); len(found) > 0 {
			t.Errorf("CheckSet found %v", found)
		}
		now.at = now.at.Add(48 * time.Hour)
	}
	if calls := fake.Calls(); len(calls) != 1 {
		t.Errorf("npm was called %d times, want once: %q", len(calls), calls)
	}
}

func TestOfAReleaseThatIsNotInstalledNothingIsSaid(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t, backend("another-base-backend@1.0.0", "base"), module("base-module@1.0.0", "base", "some-backend"))
	found := open(t, served.Client()).CheckSet(t.Context(), release, plugins("another-base-backend@1.0.0", "base-module@1.0.0"), nil)
	if len(found) > 0 {
		t.Errorf("CheckSet found %v", found)
	}
}

func TestWhatMayNotBeAddedIsNotAskedForWithTheSet(t *testing.T) {
	t.Parallel()
	fake := npmtest.NewFake(t, `echo "$*" >>"$home/calls"; echo '{}'`)
	checked := open(t, npm.Client{Path: fake.Path()}, func(o *registry.Options) { o.Policy = policy(t, nil, nil) })
	found := checked.CheckSet(t.Context(), release, plugins("@acme/x@1.0.0", "../x@1.0.0", "base-plugin-backend@1.0.0"), nil)
	if calls := fake.Calls(); len(found) > 0 || len(calls) > 0 {
		t.Errorf("CheckSet found %v after npm %q", found, calls)
	}
}

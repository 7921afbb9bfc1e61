package registry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// says is what a package says of itself to Backstage.
type says = map[string]any

// published is a package with a backstage section.
func published(spec string, backstage says) npmtest.Package {
	p := plugin(spec)
	return npmtest.Package{Name: p.Package, Version: p.Version}.With("backstage", backstage)
}

// backend is a backend plugin whose metadata say that it has a feature.
func backend(spec, id string) npmtest.Package {
	return published(spec, says{
		"role": npm.RoleBackendPlugin, "pluginId": id, "features": says{".": npm.BackendFeature},
	})
}

// module is a module whose metadata say that it has a feature.
func module(spec, id, pluginPackage string) npmtest.Package {
	return published(spec, says{
		"role": npm.RoleBackendModule, "pluginId": id, "pluginPackage": pluginPackage, "features": says{".": npm.BackendFeature},
	})
}

// exporting is a backend plugin of which only the text tells what it exports.
func exporting(spec, text string) npmtest.Package {
	p := published(spec, says{"role": npm.RoleBackendPlugin, "pluginId": "x"}).With("main", "dist/index.cjs.js")
	p.Files = map[string]string{"dist/index.cjs.js": text}
	return p
}

const (
	oldStyle = "'use strict';\nObject.defineProperty(exports, '__esModule', { value: true });\nexports.createRouter = createRouter;\n"
	newStyle = oldStyle + "exports.default = plugin;\n"
)

func TestCheckAlone(t *testing.T) {
	t.Parallel()
	const fails, warns = orbit.SeverityError, orbit.SeverityWarning
	served := npmtest.NewRegistry(t,
		backend("good-backend@1.0.0", "good"), backend("good-backend@1.2.3", "good"),
		module("good-backend-module-x@1.0.0", "good", "good-backend"),
		published("front@1.0.0", says{"role": npm.RoleFrontendPlugin, "features": says{"./alpha": npm.FrontendPlugin}}),
		published("front-module@1.0.0", says{"role": npm.RoleFrontendModule, "features": says{".": npm.FrontendModule}}),
		published("front-with-alpha@1.0.0", says{"role": npm.RoleFrontendPlugin}).With("exports", says{".": "./i.js", "./alpha": "./a.js"}),
		published("old-front@1.0.0", says{"role": npm.RoleFrontendPlugin, "features": says{"./x": "@backstage/TranslationMessages"}}),
		published("silent-front@1.0.0", says{"role": npm.RoleFrontendPlugin}),
		published("good-common@1.0.0", says{"role": "common-library"}),
		published("lonely@1.0.0", says{"role": "web-library"}),
		published("base-plugin@1.0.0", says{"role": "web-library"}),
		npmtest.Package{Name: "plain", Version: "1.0.0"},
		exporting("old-backend@1.0.0", oldStyle), backend("old-backend@2.0.0", "x"),
		exporting("ever-old-backend@1.0.0", oldStyle), exporting("untold-backend@1.0.0", newStyle),
		exporting("opaque-backend@1.0.0", "module.exports = require('./other');\n"),
		backend("engine-backend@1.0.0", "e").With("engines", says{"node": "18 || 20"}),
		backend("any-engine-backend@1.0.0", "e").With("engines", says{"node": ">=20"}),
		backend("sad-backend@1.0.0", "s").With("deprecated", "use\n  good-backend"),
		published("moved-backend@1.0.0", says{
			"role": npm.RoleBackendPlugin, "moved": "@new/home-backend", "features": says{".": npm.BackendFeature},
		}).With("deprecated", "this has moved"),
		npmtest.Package{Name: "large-backend", Version: "1.0.0", Pad: 3 << 20, Manifest: backend("large-backend@1.0.0", "l").Manifest},
	)
	checked := open(t, served.Client(), func(o *registry.Options) {
		o.MaxPackageSize = 2 << 20
		o.Policy = policy(t, []string{"*"}, []string{"denied-*"})
	})
	tests := []struct {
		plugin   string
		code     orbit.Code
		severity orbit.Severity
		says     string
	}{
		{plugin: "good-backend@1.0.0"},
		{plugin: "good-backend-module-x@1.0.0"},
		{plugin: "untold-backend@1.0.0"},
		{plugin: "opaque-backend@1.0.0"},
		{plugin: "any-engine-backend@1.0.0"},
		{"good-backend@9.9.9", orbit.CodeVersionNotFound, fails, "the newest is 1.2.3"},
		{"nowhere@1.0.0", orbit.CodePackageNotFound, fails, "no package of this name"},
		{plugin: "front@1.0.0"},
		{plugin: "front-module@1.0.0"},
		{plugin: "front-with-alpha@1.0.0"},
		{"old-front@1.0.0", orbit.CodeLegacyFrontend, fails, "old frontend system only"},
		{"silent-front@1.0.0", orbit.CodeUnchecked, warns, "does not say whether it has a plugin for Backstage's new frontend system"},
		{"good-common@1.0.0", orbit.CodeWrongRole, fails, "use its backend, good-backend (the newest version is 1.2.3)"},
		{"lonely@1.0.0", orbit.CodeWrongRole, fails, "only plugins and modules can be added, of the backend or of the frontend"},
		{"base-plugin@1.0.0", orbit.CodeWrongRole, fails, "its backend, base-plugin-backend, is in the release already"},
		{"base-plugin-backend@2.0.0", orbit.CodeInRelease, fails, "in version 1.0.0"},
		{"plain@1.0.0", orbit.CodeUnchecked, warns, "backstage.role"},
		{"old-backend@1.0.0", orbit.CodeLegacyBackend, fails, "the newest is 2.0.0, which has one"},
		{"ever-old-backend@1.0.0", orbit.CodeLegacyBackend, fails, "there is no newer version"},
		{"engine-backend@1.0.0", orbit.CodeEngine, fails, "wants Node.js 18 || 20, and release 1.0.0 runs on 24.1.0"},
		{"sad-backend@1.0.0", orbit.CodeDeprecated, warns, "its authors deprecated this version: use good-backend"},
		{"moved-backend@1.0.0", orbit.CodeDeprecated, warns, "this has moved; it has moved to @new/home-backend"},
		{"large-backend@1.0.0", orbit.CodePackageTooLarge, fails, "3 MiB unpacked, and this orbitd takes at most 2 MiB"},
		{"denied-backend@1.0.0", orbit.CodePackageDenied, fails, "denied-*"},
	}
	for _, test := range tests {
		t.Run(test.plugin, func(t *testing.T) {
			t.Parallel()
			found := checked.CheckAlone(t.Context(), release, plugins(test.plugin))
			if test.code == "" {
				if len(found) != 0 {
					t.Errorf("CheckAlone found %v in a good plugin", found)
				}
				return
			}
			if len(found) != 1 || found[0].Code != test.code || found[0].Severity != test.severity ||
				found[0].Plugin != plugin(test.plugin).Package || !strings.Contains(found[0].Message, test.says) {
				t.Errorf("CheckAlone found %+v, want %s as %s with %q", found, test.code, test.severity, test.says)
			}
		})
	}
}

func TestFindingsHaveTheOrderOfThePlugins(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t, backend("a-backend@1.0.0", "a"), backend("c-backend@1.0.0", "c").With("deprecated", "old"))
	found := open(t, served.Client()).CheckAlone(t.Context(), release, plugins(
		"nowhere@1.0.0", "a-backend@1.0.0", "c-backend@1.0.0", "base-plugin-backend@1.0.0", "c-backend@2.0.0"))
	want := []string{
		"package_not_found error nowhere", "deprecated warning c-backend", "in_release error base-plugin-backend",
		"version_not_found error c-backend",
	}
	if diff := cmp.Diff(want, codes(found)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestWhatNPMMustNotBeAskedForIsRefusedWithoutAsking(t *testing.T) {
	t.Parallel()
	fake := npmtest.NewFake(t, `echo "$*" >>"$home/calls"; echo '{}'`)
	checked := open(t, npm.Client{Path: fake.Path()}, func(o *registry.Options) {
		o.Policy = policy(t, nil, []string{"@backstage/plugin-x*"})
	})
	for _, test := range []struct {
		pkg, version string
		code         orbit.Code
	}{
		{"../../etc/passwd", "1.0.0", orbit.CodeInvalidPackage},
		{"@acme/../x", "1.0.0", orbit.CodeInvalidPackage},
		{"./x", "1.0.0", orbit.CodeInvalidPackage},
		{"/etc", "1.0.0", orbit.CodeInvalidPackage},
		{"--registry=x", "1.0.0", orbit.CodeInvalidPackage},
		{"x;reboot", "1.0.0", orbit.CodeInvalidPackage},
		{"$(reboot)", "1.0.0", orbit.CodeInvalidPackage},
		{"x\ny", "1.0.0", orbit.CodeInvalidPackage},
		{"Upper", "1.0.0", orbit.CodeInvalidPackage},
		{"https://x/y.tgz", "1.0.0", orbit.CodeInvalidPackage},
		{strings.Repeat("x", 300), "1.0.0", orbit.CodeInvalidPackage},
		{"", "1.0.0", orbit.CodeInvalidPackage},
		{"x", "https://x/y.tgz", orbit.CodeInvalidVersion},
		{"x", "git+ssh://x/y.git", orbit.CodeInvalidVersion},
		{"x", "owner/name", orbit.CodeInvalidVersion},
		{"x", "file:../y", orbit.CodeInvalidVersion},
		{"x", "../y", orbit.CodeInvalidVersion},
		{"x", "1.0.0-x.tgz", orbit.CodeInvalidVersion},
		{"x", "npm:y@1.0.0", orbit.CodeInvalidVersion},
		{"x", "latest", orbit.CodeInvalidVersion},
		{"x", "1", orbit.CodeInvalidVersion},
		{"x", "1.0.0 --force", orbit.CodeInvalidVersion},
		{"x", "", orbit.CodeInvalidVersion},
		{"@acme/x", "1.0.0", orbit.CodePackageNotAllowed},
		{"@backstage/plugin-x-backend", "1.0.0", orbit.CodePackageDenied},
		{"base-plugin-backend", "1.0.0", orbit.CodeInRelease},
	} {
		found := checked.CheckAlone(t.Context(), release, []bundle.Plugin{{Package: test.pkg, Version: test.version}})
		if len(found) != 1 || found[0].Code != test.code || found[0].Severity != orbit.SeverityError {
			t.Errorf("CheckAlone of %q in %q found %+v, want %s", test.pkg, test.version, found, test.code)
		}
	}
	if calls := fake.Calls(); len(calls) > 0 {
		t.Errorf("npm was called: %q", calls)
	}
}

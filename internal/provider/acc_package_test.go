package provider_test

import (
	"regexp"
	"testing"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
)

// is says what an attribute of a data source is.
func is(address, attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), value)
}

func TestAccAPackageIsFoundBeforeItIsAdded(t *testing.T) {
	t.Parallel()
	m := realManager(t, "found")
	registry := shared.Server(t).Registry
	registry.Publish("@acme/plugin-sought-backend", "1.0.0", "1.2.0", "2.0.0")
	registry.Publish("@acme/plugin-sought-backend-module-x", "0.1.0")
	data := func(name, arguments string) string {
		return "data \"orbit_backstage_plugin_package\" \"" + name + "\" {\n" + arguments + "\n}\n"
	}
	const latest, ranged, module = "data.orbit_backstage_plugin_package.latest", "data.orbit_backstage_plugin_package.ranged",
		"data.orbit_backstage_plugin_package.module"
	text, null := knownvalue.StringExact, knownvalue.Null()
	accept(
		t,
		helper.TestStep{
			Config: m.hcl(data("latest", `package = "@acme/plugin-sought-backend"`) +
				data("ranged", "package = \"@acme/plugin-sought-backend\"\nversion = \"^1.0.0\"\nrelease = \""+provider.DefaultRelease+"\"") +
				data("module", `package = "@acme/plugin-sought-backend-module-x"`)),
			ConfigStateChecks: []statecheck.StateCheck{
				is(latest, "version", text("2.0.0")), is(latest, "resolved_version", text("2.0.0")), is(latest, "release", text(provider.DefaultRelease)),
				is(latest, "role", text("backend-plugin")), is(latest, "plugin_id", text("sought")), is(latest, "plugin_package", null),
				is(latest, "deprecated", null), is(latest, "in_release", knownvalue.Bool(false)), is(latest, "proven", null),
				is(latest, "versions", knownvalue.ListExact([]knownvalue.Check{text("2.0.0"), text("1.2.0"), text("1.0.0")})),
				is(ranged, "version", text("^1.0.0")), is(ranged, "resolved_version", text("1.2.0")), is(ranged, "latest_version", text("2.0.0")),
				is(module, "role", text("backend-plugin-module")), is(module, "plugin_package", text("@acme/plugin-sought-backend")),
				is(module, "requires", knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"plugin": text("@acme/plugin-sought-backend"), "node": text("22 || 24"),
					"backstage": knownvalue.MapExact(map[string]knownvalue.Check{"@backstage/backend-plugin-api": text("^1.0.0")}),
				})),
			},
		},
		helper.TestStep{
			Config:      m.hcl(data("x", "package = \"@acme/plugin-sought-backend\"\nversion = \"3.0.0\"")),
			ExpectError: regexp.MustCompile(`(?s)Unable to read package @acme/plugin-sought-backend.*3\.0\.0`),
		},
		helper.TestStep{
			Config:      m.hcl(data("x", "package = \"@acme/plugin-sought-backend\"\nversion = \"latest\"")),
			ExpectError: regexp.MustCompile(`"latest" is a tag`),
		},
		helper.TestStep{
			Config:      m.hcl(data("x", "package = \"@acme/plugin-sought-backend\"\nrelease = \"0.1.0\"")),
			ExpectError: regexp.MustCompile(`(?s)Unable to read package.*0\.1\.0`),
		},
		helper.TestStep{Config: m.hcl(data("x", `package = "../x"`)), ExpectError: regexp.MustCompile(`begins with @`)},
		helper.TestStep{Config: m.hcl(data("x", `package = "@acme/plugin-sought-backend"`))}, // the test destroys with the last one
	)
}

func TestAccAReleaseTellsWhatIsInside(t *testing.T) {
	t.Parallel()
	m := realManager(t, "releases")
	const newest = "data.orbit_backstage_release.newest"
	accept(
		t,
		helper.TestStep{
			Config: m.hcl("data \"orbit_backstage_release\" \"newest\" {}\n"),
			ConfigStateChecks: []statecheck.StateCheck{
				is(newest, "version", knownvalue.StringExact(provider.DefaultRelease)), is(newest, "default", knownvalue.Bool(true)),
				is(newest, "node", knownvalue.StringRegexp(regexp.MustCompile(`^24\.`))),
				is(newest, "postgres", knownvalue.StringRegexp(regexp.MustCompile(`^18\.`))),
				is(newest, "packages", knownvalue.MapPartial(map[string]knownvalue.Check{
					"@backstage/plugin-catalog-backend": knownvalue.NotNull(), "@backstage/backend-defaults": knownvalue.NotNull(),
				})),
				is(newest, "features", knownvalue.ListPartial(map[int]knownvalue.Check{
					0: knownvalue.StringExact("@backstage/plugin-app-backend"),
				})),
			},
		},
		helper.TestStep{
			Config:      m.hcl("data \"orbit_backstage_release\" \"old\" {\n  version = \"0.1.0\"\n}\n"),
			ExpectError: regexp.MustCompile(`(?s)does not carry Backstage\s+0\.1\.0.*` + regexp.QuoteMeta(provider.DefaultRelease)),
		},
		helper.TestStep{Config: m.hcl("data \"orbit_backstage_release\" \"newest\" {}\n")}, // the test destroys with the last one
	)
}

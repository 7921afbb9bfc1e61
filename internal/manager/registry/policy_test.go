package registry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	const denied, not = orbit.CodePackageDenied, orbit.CodePackageNotAllowed
	tests := []struct {
		name         string
		allow, deny  []string
		pkg, version string
		want         orbit.Code
	}{
		{"the default has the well-known scopes", nil, nil, "@backstage-community/plugin-x-backend", "1.0.0", ""},
		{"the default has no others", nil, nil, "@acme/plugin-x-backend", "1.0.0", not},
		{"a scope is not a prefix", nil, nil, "@backstage-evil/plugin-x-backend", "1.0.0", not},
		{"a scope in the name is none", nil, nil, "backstage", "1.0.0", not},
		{"a list replaces the default", []string{"@acme/*"}, nil, "@backstage/plugin-x-backend", "1.0.0", not},
		{"a list can keep the default", []string{"default", "@acme/*"}, nil, "@backstage/plugin-x-backend", "1.0.0", ""},
		{"a list widens the default", []string{"default", " @acme/* "}, nil, "@acme/plugin-x-backend", "1.0.0", ""},
		{"a star is every package", []string{"*"}, nil, "@acme/plugin-x-backend", "1.0.0", ""},
		{"a star inside a name", []string{"@acme/*-backend"}, nil, "@acme/x-backend", "1.0.0", ""},
		{"a star inside a name ends", []string{"@acme/*-backend"}, nil, "@acme/x-backend-module-y", "1.0.0", not},
		{"a dot is a dot", []string{"a.b"}, nil, "axb", "1.0.0", not},
		{"an exact name", []string{"@acme/x"}, nil, "@acme/xy", "1.0.0", not},
		{"deny wins", []string{"*"}, []string{"@acme/*"}, "@acme/x", "1.0.0", denied},
		{"deny wins over the exact name", []string{"@acme/x"}, []string{"*"}, "@acme/x", "1.0.0", denied},
		{"a denied range", []string{"*"}, []string{"@acme/x@<4"}, "@acme/x", "3.9.9", denied},
		{"outside the denied range", []string{"*"}, []string{"@acme/x@<4"}, "@acme/x", "4.0.0", ""},
		{"a denied range has its prereleases", []string{"*"}, []string{"@acme/x@<4"}, "@acme/x", "3.0.0-next.1", denied},
		{"a range of two", []string{"*"}, []string{"x@<1 || >=3"}, "x", "3.1.0", denied},
		{"an allowed range", []string{"@acme/x@>=2"}, nil, "@acme/x", "1.0.0", not},
		{"before the version is known, some are denied", []string{"*"}, []string{"@acme/x@<4"}, "@acme/x", "", ""},
		{"before the version is known, all are denied", []string{"*"}, []string{"@acme/x"}, "@acme/x", "", denied},
		{"before the version is known, some are allowed", []string{"@acme/x@>=2"}, nil, "@acme/x", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy, err := registry.NewPolicy(test.allow, test.deny)
			if err != nil {
				t.Fatal(err)
			}
			var found *bundle.Error
			switch err := policy.Check(test.pkg, test.version); {
			case errors.As(err, &found) && found.Code == test.want && found.Plugin == test.pkg:
			case err == nil && test.want == "":
			default:
				t.Errorf("Check says %v, want %q", err, test.want)
			}
		})
	}
}

func TestARefusalSaysWhichListAndHowToChangeIt(t *testing.T) {
	t.Parallel()
	policy, err := registry.NewPolicy(nil, []string{"@backstage/plugin-x@<2"})
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{"@backstage/plugin-x": "@backstage/plugin-x@<2", "@acme/x": "default,@acme/x"} {
		if err := policy.Check(version, "1.0.0"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal of %s is %v, want %q in it", version, err, want)
		}
	}
}

func TestAMalformedPatternIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "@acme", "@acme/", "@acme/x@", "@acme/x@four", "Acme", "a b", "a/b/c", "../x", "@a/x@>=1@<2"} {
		if _, err := registry.NewPolicy([]string{text}, nil); err == nil {
			t.Errorf("%q passes for a pattern of the allow list", text)
		}
		if _, err := registry.NewPolicy(nil, []string{text}); err == nil || !strings.Contains(err.Error(), "deny list") {
			t.Errorf("%q on the deny list gives %v, want an error that names the list", text, err)
		}
	}
}

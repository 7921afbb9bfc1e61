package registry_test

import (
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
)

func TestEnginesAreReadAsNPMReadsThem(t *testing.T) {
	t.Parallel()
	for wanted, want := range map[string]bool{
		"": true, "*": true, "24": true, "24.x": true, ">=18": true, ">= 18": true, "^24.1.0": true, "~24.1": true, "22 || 24": true,
		"18 || 20 || >=22": true, ">=18 <25": true, "20 - 24": true, "v24": true, "<=24": true, ">=20.19.0 <21 || >=22.12": true,
		"18": false, "18 || 20": false, "^22.0.0": false, "<24": false, ">24": false, "20 - 22": false, ">=18 <24": false, "24.0.x": false,
		"~24.0.0": false, ">=25": false,
		// What is no range excludes nothing: npm only warns of engines.
		"lts/*": true, "the newest": true,
	} {
		if got := registry.Fits(wanted, "24.1.0"); got != want {
			t.Errorf("a package for Node.js %q takes 24.1.0: %t, want %t", wanted, got, want)
		}
	}
}

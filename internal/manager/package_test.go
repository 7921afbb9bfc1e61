package manager_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestAPackageIsDescribedToWhoAsks(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const name, down = "@acme/plugin-described-backend", "@acme/plugin-away-backend"
	s.Registry.Publish(name, "1.0.0", "1.1.0")
	found, err := c.GetPackage(t.Context(), name, orbit.PackageQuestion{Version: "~1.0"})
	if err != nil {
		t.Fatal(err)
	}
	if found.Name != name || found.Version != "1.0.0" || found.LatestVersion != "1.1.0" || found.PluginID != "described" || found.Release == "" {
		t.Errorf("~1.0 is described as %+v", found)
	}
	if n := resolutions(t, s, name); n != 0 {
		t.Errorf("asking about a range resolved it for %d workspaces", n)
	}
	s.Registry.Fail(down)
	for _, test := range []struct {
		name     string
		question orbit.PackageQuestion
		code     orbit.Code
		status   int
	}{
		{name, orbit.PackageQuestion{Version: "2.0.0"}, orbit.CodeVersionNotFound, http.StatusNotFound},
		{name, orbit.PackageQuestion{Release: "0.1.0"}, orbit.CodeUnknownRelease, http.StatusNotFound},
		{down, orbit.PackageQuestion{}, orbit.CodeUnchecked, http.StatusServiceUnavailable},
	} {
		_, err := c.GetPackage(t.Context(), test.name, test.question)
		var p *orbit.Problem
		if !errors.As(err, &p) || p.Code != test.code || p.Status != test.status {
			t.Errorf("%s %+v: got %v, want %s and %d", test.name, test.question, err, test.code, test.status)
		}
	}
}

package manager_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestOnlyAllowedPackagesAreAdded(t *testing.T) {
	t.Parallel()
	_, c := serverWith(t, managertest.Options{AllowPackages: []string{"default"}, DenyPackages: []string{"@roadiehq/*@<2"}})
	for name, want := range map[string]orbit.Code{
		"@acme/plugin-x-backend": orbit.CodePackageNotAllowed, "@roadiehq/plugin-x-backend": orbit.CodePackageDenied,
		"@spotify/plugin-x-backend": "",
	} {
		write := small("")
		write.Plugins = map[string]orbit.PluginSpec{name: {Version: "1.0.0"}}
		planned, err := c.Plan(t.Context(), "allowed", orbit.PlanRequest{Instance: &write.InstanceSpec})
		if err != nil {
			t.Fatal(err)
		}
		if refused := orbit.HasErrors(planned.Diagnostics); refused != (want != "") || refused && planned.Diagnostics[0].Code != want {
			t.Errorf("the plan with %s says %v, want %q", name, planned.Diagnostics, want)
		}
		if want == "" {
			continue
		}
		_, err = c.PutInstance(t.Context(), "allowed", orbit.IfAbsent(), write)
		var problem *orbit.Problem
		if !errors.As(err, &problem) || problem.Code != want {
			t.Errorf("the write with %s says %v, want %s", name, err, want)
		}
	}
}

func TestAMalformedListOfPackagesIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	o := manager.Options{DataDir: filepath.Join(t.TempDir(), "data"), DenyPackages: []string{"@acme"}}
	if _, err := manager.New(o); err == nil || !strings.Contains(err.Error(), `"@acme"`) {
		t.Errorf("the start says %v, want the malformed pattern refused", err)
	}
}

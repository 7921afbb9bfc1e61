package changeplan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestADiagnosticIsLocatedWhereItsPathIsSet(t *testing.T) {
	t.Parallel()
	spec := orbit.InstanceSpec{
		Config: "app: {title: Acme}\njenkins:\n  instances: []\ncatalog:\n  rules: []\n",
		Plugins: map[string]orbit.PluginSpec{
			"argo":    {Config: "argocd:\n  username: x\n"},
			"jenkins": {Config: "\njenkins:\n  baseUrl: x\n"},
		},
	}
	state, diagnostics := FromSpec(spec, nil)
	if orbit.HasErrors(diagnostics) {
		t.Fatal(diagnostics)
	}
	for path, want := range map[string]orbit.Diagnostic{
		"argocd.username":   {Plugin: "argo", Line: 2, Column: 3},
		"argocd.password":   {Plugin: "argo", Line: 1, Column: 1}, // missing: the mapping that it is missing from
		"jenkins.baseUrl":   {Plugin: "jenkins", Line: 3, Column: 3},
		"jenkins.instances": {Line: 3, Column: 3},
		"catalog.locations": {Line: 4, Column: 1},
		"nobody":            {},
		"":                  {},
	} {
		got := orbit.Diagnostic{Path: path}
		Locate(state, &got)
		want.Path = path
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

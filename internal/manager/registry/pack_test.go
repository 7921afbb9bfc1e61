package registry_test

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

func TestPackagesWithTarballsOfOneNameAreToldApart(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t)
	for _, name := range []string{"@a/b-c", "@a-b/c", "d", "e", "f"} {
		served.Publish(npmtest.Package{Name: name, Version: "1.0.0", Files: map[string]string{"index.js": name}})
	}
	opened := open(t, served.Client())
	found, err := opened.Files(t.Context(), plugins("@a/b-c@1.0.0", "@a-b/c@1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"@a/b-c", "@a-b/c"} {
		if got := found[i]["index.js"]; got != want {
			t.Errorf("the files of %s are those of %s", want, got)
		}
	}
	_, err = opened.Files(t.Context(), plugins("@a/b-c@1.0.0", "@a-b/c@1.0.0", "d@1.0.0", "e@1.0.0", "f@1.0.0"))
	if err == nil || !strings.Contains(err.Error(), "in its place") {
		t.Errorf("fetched by one npm they give %v", err)
	}
}

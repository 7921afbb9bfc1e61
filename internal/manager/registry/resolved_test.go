package registry_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

func TestASetIsResolvedWhereNothingSpeaksAgainstItsPlugins(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t,
		backend("a-backend@1.0.0", "a"), backend("b-backend@1.0.0", "b").Needs(map[string]string{"nowhere-lib": "^1.0.0"}),
		module("x-backend-module-y@1.0.0", "x", "x-backend"), published("library@1.0.0", says{"role": "web-library"}),
	)
	release := lockedWith(served)
	checked := openIn(t, withRelease(t, release), served.Client())
	unresolvable := plugins("a-backend@1.0.0", "b-backend@1.0.0")
	asked := func() int {
		return len(slices.DeleteFunc(served.Requests(), func(r string) bool { return !strings.Contains(r, "nowhere-lib") }))
	}
	for _, bad := range []string{"library@1.0.0", "x-backend-module-y@1.0.0", "missing-backend@1.0.0"} {
		all := append(plugins(bad), unresolvable...)
		_ = checked.CheckSet(t.Context(), release, all, all)
	}
	if found := checked.CheckSet(t.Context(), release, unresolvable, nil); len(found) > 0 || asked() > 0 {
		t.Errorf("CheckSet found %v and asked for dependencies %d times, want neither", found, asked())
	}
	found := checked.CheckSet(t.Context(), release, unresolvable, unresolvable)
	if len(found) != 1 || found[0].Code != "unresolvable" || !strings.Contains(found[0].Message, "nowhere-lib") || asked() == 0 {
		t.Errorf("CheckSet found %+v, want that nowhere-lib is missing", found)
	}
}

func TestASecondMajorOfACorePackageIsAWarning(t *testing.T) {
	t.Parallel()
	needs := func(p npmtest.Package, name, versions string) npmtest.Package {
		return p.Needs(map[string]string{name: versions})
	}
	served := npmtest.NewRegistry(t,
		npmtest.Package{Name: "@backstage/config", Version: "0.9.0"}, npmtest.Package{Name: "@backstage/config", Version: "1.3.0"},
		npmtest.Package{Name: "lib", Version: "2.0.0"}, needs(npmtest.Package{Name: "between", Version: "1.0.0"}, "@backstage/config", "^0.9.0"),
		needs(backend("old-backend@1.0.0", "old"), "@backstage/config", "^0.9.0"),
		needs(backend("indirect-backend@1.0.0", "indirect"), "between", "^1.0.0"),
		needs(backend("new-backend@1.0.0", "new"), "@backstage/config", "^1.3.0"),
		needs(backend("other-backend@1.0.0", "other"), "lib", "^2.0.0"),
	)
	release := lockedWith(served)
	checked := openIn(t, withRelease(t, release), served.Client())
	all := plugins("indirect-backend@1.0.0", "new-backend@1.0.0", "old-backend@1.0.0", "other-backend@1.0.0")
	found := checked.CheckSet(t.Context(), release, all, all)
	if diff := cmp.Diff([]string{"second_major warning indirect-backend", "second_major warning old-backend"}, codes(found)); diff != "" {
		t.Errorf("CheckSet (-want +got):\n%s", diff)
	}
	for _, d := range found {
		if want := "@backstage/config 0.9.0, and the release runs with 1.2.0"; !strings.Contains(d.Message, want) {
			t.Errorf("CheckSet says %q, want %q in it", d.Message, want)
		}
	}
	if found := checked.CheckSet(t.Context(), release, all, plugins("new-backend@1.0.0")); len(found) > 0 {
		t.Errorf("of what is not new CheckSet says %v", found)
	}
}

func TestVulnerabilitiesOfWhatAPluginBringsAreAWarning(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t,
		backend("a-backend@1.0.0", "a").Needs(map[string]string{"leaky": "^1.0.0", "lib": "^1.0.0"}), backend("b-backend@1.0.0", "b"),
		npmtest.Package{Name: "leaky", Version: "1.1.0"},
	)
	served.Advise("leaky",
		npmtest.Advisory{ID: 1, URL: "https://advisories.invalid/1", Title: "It is slow", Severity: "low", Versions: ">=1.0.0"},
		npmtest.Advisory{ID: 2, URL: "https://advisories.invalid/2", Title: "It leaks", Severity: "critical", Versions: "<1.2.0"},
	)
	served.Advise("lib", npmtest.Advisory{ID: 3, URL: "https://advisories.invalid/3", Title: "The release's own", Severity: "high", Versions: "*"})
	release := lockedWith(served)
	cache := withRelease(t, release)
	checked := openIn(t, cache, served.Client())
	all := plugins("a-backend@1.0.0", "b-backend@1.0.0")
	found := checked.CheckSet(t.Context(), release, all, all)
	if diff := cmp.Diff([]string{"vulnerable warning a-backend"}, codes(found)); diff != "" {
		t.Fatalf("CheckSet (-want +got):\n%s", diff)
	}
	want := "critical: leaky@1.1.0: It leaks, fixed in 1.2.0; low: leaky@1.1.0: It is slow, in >=1.0.0;"
	if !strings.Contains(found[0].Message, want) || strings.Contains(found[0].Message, "own") {
		t.Errorf("CheckSet says %q, want %q in it", found[0].Message, want)
	}
	// The answer is kept, also for the next orbitd.
	served.Break(npmtest.Down())
	if again := openIn(t, cache, served.Client()).CheckSet(t.Context(), release, all, all); cmp.Diff(found, again) != "" {
		t.Errorf("later CheckSet says %v", again)
	}
}

func TestARegistryWithoutAuditsIsNotSpokenOf(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t, backend("a-backend@1.0.0", "a"))
	served.Break(npmtest.Only("/security/", npmtest.Status(http.StatusMethodNotAllowed)))
	release := lockedWith(served)
	checked, all := openIn(t, withRelease(t, release), served.Client()), plugins("a-backend@1.0.0")
	for range 2 {
		if found := checked.CheckSet(t.Context(), release, all, all); len(found) > 0 {
			t.Errorf("CheckSet found %v", found)
		}
	}
	audits := slices.DeleteFunc(served.Requests(), func(r string) bool { return !strings.Contains(r, "/security/") })
	if len(audits) != 1 {
		t.Errorf("the registry was asked for an audit %d times, want once", len(audits))
	}
}

func TestASetThatCannotBeResolvedNowIsUnchecked(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t, backend("a-backend@1.0.0", "a").Needs(map[string]string{"late-lib": "^1.0.0"}),
		npmtest.Package{Name: "late-lib", Version: "1.0.0"})
	served.Break(npmtest.Only("/late-lib", npmtest.Status(http.StatusBadGateway)))
	release := lockedWith(served)
	all := plugins("a-backend@1.0.0")
	found := openIn(t, withRelease(t, release), served.Client()).CheckSet(t.Context(), release, all, all)
	if diff := cmp.Diff([]string{"unchecked warning a-backend"}, codes(found)); diff != "" {
		t.Errorf("CheckSet (-want +got):\n%s", diff)
	}
}

package backstage_test

import (
	"slices"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestProvenPackagesAreManyAndOfSeveralPublishers(t *testing.T) {
	t.Parallel()
	packages := backstage.Proven(backstage.Default().Version)
	publishers := map[string]int{}
	booted := 0
	for _, p := range packages {
		if p.Booted {
			booted++
			publishers[p.Publisher()]++
		}
	}
	if booted < 30 || len(publishers) < 4 {
		t.Errorf("%d packages of %d publishers booted, want 30 of 4: %v", booted, len(publishers), publishers)
	}
}

func TestAProvenPackageHasFiguresOrAReason(t *testing.T) {
	t.Parallel()
	packages := backstage.Proven(backstage.Default().Version)
	for i, p := range packages {
		if p.Booted != (p.Reason == "") || p.Booted != (p.BootSeconds > 0) {
			t.Errorf("%s: booted %v in %g s, reason %q", p.Package, p.Booted, p.BootSeconds, p.Reason)
		}
		if p.Booted && p.Version == "" {
			t.Errorf("%s booted in no version", p.Package)
		}
		if i > 0 && packages[i-1].Package >= p.Package {
			t.Errorf("%s comes after %s", p.Package, packages[i-1].Package)
		}
	}
}

func TestWhatTheReleaseHasIsNotProvenAsAPluginToAdd(t *testing.T) {
	t.Parallel()
	for _, release := range backstage.Releases() {
		for _, p := range backstage.Proven(release.Version) {
			has := slices.ContainsFunc(release.Packages, func(r orbit.ReleasePackage) bool { return r.Name == p.Package })
			if has != p.InRelease {
				t.Errorf("%s: in_release is %t, and that the release has it %t: make proven finds out", p.Package, p.InRelease, has)
			}
		}
	}
}

func TestProvenIsOfOneRelease(t *testing.T) {
	t.Parallel()
	if got := backstage.Proven("0.0.0"); len(got) != 0 {
		t.Errorf("release 0.0.0 has %v", got)
	}
	for _, release := range backstage.Releases() {
		if slices.ContainsFunc(backstage.Proven(release.Version), func(p backstage.ProvenPackage) bool {
			return p.Release != release.Version
		}) {
			t.Errorf("release %s has packages of another", release.Version)
		}
	}
}

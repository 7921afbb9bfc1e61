package manager

import (
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// proven is what became of the package when it was booted with the release; nil when that was not tried.
func proven(release, name string) *orbit.ProvenPackage {
	all := backstage.Proven(release)
	i := slices.IndexFunc(all, func(p backstage.ProvenPackage) bool { return p.Package == name })
	if i < 0 {
		return nil
	}
	return &orbit.ProvenPackage{
		Version: all[i].Version, Booted: all[i].Booted, Reason: all[i].Reason, BootSeconds: all[i].BootSeconds, MemoryMB: all[i].AddedMB,
	}
}

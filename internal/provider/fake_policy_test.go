package provider_test

import (
	"net/http"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// policy is the restart policy that is stored for the workspace.
func (f *fakeAPI) policy(workspace string) orbit.RestartPolicy {
	if instance := f.instances[workspace]; instance != nil {
		return instance.RestartPolicy
	}
	return ""
}

// obeyPolicy says whether a write is stored for a later restart, or answers that it is refused.
func (f *fakeAPI) obeyPolicy(w http.ResponseWriter, policy orbit.RestartPolicy, impact orbit.Impact) (pending, refused bool) {
	if impact.Interrupts() && policy == orbit.RestartForbid {
		refuse(w, http.StatusConflict, orbit.CodeRestartForbidden, "here: it costs a restart, and the restart_policy is forbid; nothing was touched")
		return false, true
	}
	return impact.Interrupts() && policy == orbit.RestartManual, false
}

func instanceImpact(before *orbit.Instance, after orbit.InstanceSpec) orbit.Impact {
	if before == nil {
		return orbit.ImpactNone
	}
	old, _ := changeplan.FromSpec(before.InstanceSpec, nil)
	next, _ := changeplan.FromSpec(after, nil)
	impact := changeplan.Decide(old, next).Impact
	if before.Status.PendingRestart && after.RestartPolicy.Automatic() {
		return orbit.MaxImpact(impact, orbit.ImpactRestart)
	}
	return impact
}

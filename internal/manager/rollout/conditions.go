package rollout

import (
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// setCondition returns the conditions with the given one in its place. The transition time moves only when the status
// does. The order of types is kept, so that two equal states read the same.
func setCondition(conditions []orbit.Condition, c orbit.Condition, now time.Time) []orbit.Condition {
	c.LastTransitionTime = now
	updated := make([]orbit.Condition, 0, len(conditions)+1)
	found := false
	for _, old := range conditions {
		if old.Type == c.Type {
			found = true
			if old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
			}
			old = c
		}
		updated = append(updated, old)
	}
	if !found {
		updated = append(updated, c)
	}
	return updated
}

// described says whether the conditions have one of the type.
func described(conditions []orbit.Condition, kind string) bool {
	return slices.ContainsFunc(conditions, func(c orbit.Condition) bool { return c.Type == kind })
}

// replacing is the reason of the condition Ready while requests wait for a process to be replaced. The next orbitd goes by
// it when this one dies in the middle.
const replacing = "Replacing"

// interrupted says whether an orbitd died while requests waited for a process to be replaced.
func interrupted(conditions []orbit.Condition) bool {
	return slices.ContainsFunc(conditions, func(c orbit.Condition) bool { return c.Type == orbit.ConditionReady && c.Reason == replacing })
}

// conditionStatus is a condition's status as Kubernetes writes it.
func conditionStatus(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

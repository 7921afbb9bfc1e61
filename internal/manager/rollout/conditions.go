package rollout

import (
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

// conditionStatus is a condition's status as Kubernetes writes it.
func conditionStatus(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

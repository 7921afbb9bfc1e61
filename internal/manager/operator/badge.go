package operator

import "github.com/orbit-idp/terraform-provider-orbit/orbit"

// tone is how a state is coloured. The words beside it tell the same.
type tone string

const (
	good  tone = "good"
	busy  tone = "busy"
	warn  tone = "warn"
	bad   tone = "bad"
	quiet tone = "quiet"
)

// badge is a state in a word or two.
type badge struct {
	Text string
	Tone tone
}

// phaseBadge is what an instance is doing.
func phaseBadge(phase orbit.Phase) badge {
	switch phase {
	case orbit.PhaseReady:
		return badge{string(phase), good}
	case orbit.PhaseProvisioning, orbit.PhaseUpdating, orbit.PhaseDeleting:
		return badge{string(phase), busy}
	case orbit.PhaseFailed:
		return badge{string(phase), bad}
	default:
		return badge{string(phase), quiet}
	}
}

// impactBadge is what a change costs, in the word of plans.
func impactBadge(impact orbit.Impact) badge {
	switch impact {
	case orbit.ImpactLive:
		return badge{string(impact), good}
	case orbit.ImpactRestart, orbit.ImpactUpgrade:
		return badge{string(impact), warn}
	default:
		return badge{string(impact), quiet}
	}
}

// troubled says whether a condition is one to look after. Of those it does not know nobody can tell.
func troubled(c orbit.Condition) bool {
	switch c.Type {
	case orbit.ConditionReady, orbit.ConditionIsolated, orbit.ConditionRoomForGreen:
		return c.Status != "True"
	case orbit.ConditionCrashLooping:
		return c.Status == "True"
	default:
		return false
	}
}

// conditionBadge is a condition's status.
func conditionBadge(c orbit.Condition) badge {
	grave := c.Type == orbit.ConditionReady || c.Type == orbit.ConditionCrashLooping
	switch {
	case troubled(c) && grave:
		return badge{c.Status, bad}
	case troubled(c):
		return badge{c.Status, warn}
	case c.Type == orbit.ConditionReady:
		return badge{c.Status, good}
	default:
		return badge{c.Status, quiet}
	}
}

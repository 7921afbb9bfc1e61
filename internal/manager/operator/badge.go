package operator

import (
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

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

func phaseBadge(phase orbit.Phase) badge {
	tones := map[orbit.Phase]tone{
		orbit.PhaseReady: good, orbit.PhaseProvisioning: busy, orbit.PhaseUpdating: busy, orbit.PhaseDeleting: busy, orbit.PhaseFailed: bad,
	}
	if t, known := tones[phase]; known {
		return badge{string(phase), t}
	}
	return badge{string(phase), quiet}
}

// impactBadge tells what a change costs, in the words of plans.
func impactBadge(impact orbit.Impact) badge {
	tones := map[orbit.Impact]tone{orbit.ImpactLive: good, orbit.ImpactRestart: warn, orbit.ImpactUpgrade: warn}
	if t, known := tones[impact]; known {
		return badge{string(impact), t}
	}
	return badge{string(impact), quiet}
}

// troubled says whether a condition is one to look after. Of those it does not know nobody can tell.
func (c condition) troubled() bool {
	switch c.Type {
	case orbit.ConditionReady, orbit.ConditionIsolated, orbit.ConditionRoomForGreen:
		return c.Status != "True"
	case orbit.ConditionCrashLooping:
		return c.Status == "True"
	default:
		return false
	}
}

// condition is a condition with its badge.
type condition struct{ orbit.Condition }

func conditions(all []orbit.Condition) []condition {
	seen := make([]condition, len(all))
	for i, c := range all {
		seen[i] = condition{c}
	}
	return seen
}

// Badge is the condition's status.
func (c condition) Badge() badge {
	switch {
	case c.troubled() && (c.Type == orbit.ConditionReady || c.Type == orbit.ConditionCrashLooping):
		return badge{c.Status, bad}
	case c.troubled():
		return badge{c.Status, warn}
	case c.Type == orbit.ConditionReady:
		return badge{c.Status, good}
	default:
		return badge{c.Status, quiet}
	}
}

// reason is a reason with its badge.
type reason struct{ orbit.Reason }

func reasons(all []orbit.Reason) []reason {
	seen := make([]reason, len(all))
	for i, r := range all {
		seen[i] = reason{r}
	}
	return seen
}

// Badge is what this part alone would cost.
func (r reason) Badge() badge { return impactBadge(r.Impact) }

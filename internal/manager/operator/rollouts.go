package operator

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// rollout is what took an instance from what ran to what was declared: the changes that it carried together. A change that
// no rollout needed to carry is one by itself.
type rollout struct {
	Workspace, ID string
	// Changes are oldest first.
	Changes []orbit.Change
}

// group puts changes, newest first, together to their rollouts, newest first.
func group(changes []orbit.Change) []rollout {
	var all []rollout
	for _, c := range changes {
		id := cmp.Or(c.RolloutID, c.ID)
		i := slices.IndexFunc(all, func(r rollout) bool { return r.ID == id })
		if i < 0 {
			i, all = len(all), append(all, rollout{Workspace: c.Workspace, ID: id})
		}
		all[i].Changes = append([]orbit.Change{c}, all[i].Changes...)
	}
	return all
}

// What says what was asked for: "update", "create plugin @acme/x".
func (r rollout) What() []string {
	what := make([]string, len(r.Changes))
	for i, c := range r.Changes {
		what[i] = asked(c)
	}
	return what
}

// asked says what a change does to what.
func asked(c orbit.Change) string {
	subject := cmp.Or(c.Plugin, "instance")
	switch {
	case c.Operation == orbit.OperationCreate && c.Plugin != "":
		return "Add " + subject
	case c.Operation == orbit.OperationDelete && c.Plugin != "":
		return "Remove " + subject
	default:
		return strings.ToUpper(string(c.Operation[:1])) + string(c.Operation[1:]) + " " + subject
	}
}

// Impact is the costliest of its changes.
func (r rollout) Impact() orbit.Impact {
	impact := orbit.ImpactNone
	for _, c := range r.Changes {
		impact = orbit.MaxImpact(impact, c.Impact)
	}
	return impact
}

// Reasons are those of all of its changes, the costliest first.
func (r rollout) Reasons() []orbit.Reason {
	var reasons []orbit.Reason
	for _, c := range r.Changes {
		for _, reason := range c.Reasons {
			if !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
		}
	}
	slices.SortStableFunc(reasons, func(a, b orbit.Reason) int {
		switch {
		case a.Impact.Exceeds(b.Impact):
			return -1
		case b.Impact.Exceeds(a.Impact):
			return 1
		default:
			return 0
		}
	})
	return reasons
}

// inBrief is how many reasons a list shows of a rollout.
const inBrief = 3

// Brief are the first of the reasons: those that made the rollout cost what it cost come first.
func (r rollout) Brief() []orbit.Reason {
	all := r.Reasons()
	return all[:min(inBrief, len(all))]
}

// More is how many reasons there are beside those.
func (r rollout) More() int { return max(0, len(r.Reasons())-inBrief) }

// Generation is the newest that it leads to.
func (r rollout) Generation() int64 {
	var generation int64
	for _, c := range r.Changes {
		generation = max(generation, c.Generation)
	}
	return generation
}

// Accepted is when the first of its changes was.
func (r rollout) Accepted() time.Time { return r.Changes[0].CreatedAt }

// Began is when orbitd set about it: its id has that time in it. Nil where no rollout carried the change.
func (r rollout) Began() *time.Time {
	id, err := uuid.Parse(r.ID)
	if err != nil || id.Version() != 7 || r.Changes[0].RolloutID == "" {
		return nil
	}
	began := time.Unix(id.Time().UnixTime())
	return &began
}

// Ended is when the fate of all of its changes was known; nil while one is not.
func (r rollout) Ended() *time.Time {
	var ended *time.Time
	for _, c := range r.Changes {
		if c.FinishedAt == nil {
			return nil
		}
		if ended == nil || c.FinishedAt.After(*ended) {
			ended = c.FinishedAt
		}
	}
	return ended
}

// Took is how long people waited for it; 0 while it is under way.
func (r rollout) Took() time.Duration {
	ended := r.Ended()
	if ended == nil {
		return 0
	}
	return ended.Sub(r.Accepted())
}

// Progress is what it is doing, for people.
func (r rollout) Progress() string {
	for _, c := range r.Changes {
		if !c.Done() && c.Progress != "" {
			return c.Progress
		}
	}
	return ""
}

// Outcome is what became of it.
func (r rollout) Outcome() badge {
	count := map[orbit.ChangeState]int{}
	waits := false
	for _, c := range r.Changes {
		count[c.State]++
		waits = waits || c.PendingRestart
	}
	switch {
	case count[orbit.ChangePending] > 0:
		return badge{"Under way", busy}
	case count[orbit.ChangeFailed] == len(r.Changes):
		return badge{"Failed", bad}
	case count[orbit.ChangeFailed] > 0:
		return badge{"Partly failed", bad}
	case waits:
		return badge{"Waits for a restart", warn}
	default:
		return badge{"Applied", good}
	}
}

// Problems are why changes of it failed, each once.
func (r rollout) Problems() []*orbit.Problem {
	var problems []*orbit.Problem
	for _, c := range r.Changes {
		if c.Problem != nil && !slices.ContainsFunc(problems, func(p *orbit.Problem) bool { return same(p, c.Problem) }) {
			problems = append(problems, c.Problem)
		}
	}
	return problems
}

func same(a, b *orbit.Problem) bool {
	return a.Code == b.Code && a.Title == b.Title && a.Detail == b.Detail && slices.Equal(a.LogTail, b.LogTail)
}

// Warnings are the findings that did not stop it.
func (r rollout) Warnings() []orbit.Diagnostic {
	var warnings []orbit.Diagnostic
	for _, c := range r.Changes {
		for _, w := range c.Warnings {
			if !slices.Contains(warnings, w) {
				warnings = append(warnings, w)
			}
		}
	}
	return warnings
}

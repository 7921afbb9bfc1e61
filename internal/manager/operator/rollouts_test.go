package operator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/operator"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestChangesAreGroupedByTheRolloutThatCarriedThem(t *testing.T) {
	t.Parallel()
	changes := []orbit.Change{ // newest first
		{ID: "5", RolloutID: "b"}, {ID: "4"}, {ID: "3", RolloutID: "a"}, {ID: "2", RolloutID: "b"}, {ID: "1", RolloutID: "a"},
	}
	var got []string
	for _, r := range operator.Group(changes) {
		ids := r.ID + ":"
		for _, c := range r.Changes {
			ids += c.ID
		}
		got = append(got, ids)
	}
	if diff := cmp.Diff("b:25 4:4 a:13", strings.Join(got, " ")); diff != "" {
		t.Error(diff)
	}
}

func TestARolloutIsWhatItsChangesAre(t *testing.T) {
	t.Parallel()
	accepted := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	ended, later := accepted.Add(2*time.Second), accepted.Add(3*time.Second)
	live := orbit.Reason{Path: "proxy", Impact: orbit.ImpactLive, Because: "x"}
	restart := orbit.Reason{Path: "backend", Impact: orbit.ImpactRestart, Because: "y"}
	problem := &orbit.Problem{Title: "It failed"}
	first := orbit.Change{
		CreatedAt: accepted, FinishedAt: &ended, State: orbit.ChangeApplied, Impact: orbit.ImpactLive, Generation: 7,
		Reasons: []orbit.Reason{live}, Operation: orbit.OperationUpdate,
	}
	second := orbit.Change{
		CreatedAt: accepted, FinishedAt: &later, State: orbit.ChangeFailed, Impact: orbit.ImpactRestart, Generation: 8,
		Reasons: []orbit.Reason{live, restart}, Plugin: "x", Operation: orbit.OperationDelete, Problem: problem,
	}
	both := operator.Rollout{Changes: []orbit.Change{first, second}}
	if got := both.Impact(); got != orbit.ImpactRestart {
		t.Errorf("it costs %s", got)
	}
	if diff := cmp.Diff([]orbit.Reason{restart, live}, both.Reasons()); diff != "" {
		t.Errorf("the reasons, costliest first: %s", diff)
	}
	if diff := cmp.Diff([]string{"Update instance", "Remove x"}, both.What()); diff != "" {
		t.Error(diff)
	}
	if both.Took() != 3*time.Second || both.Generation() != 8 || len(both.Problems()) != 1 {
		t.Errorf("it took %v to generation %d with %d problems", both.Took(), both.Generation(), len(both.Problems()))
	}
	under, waits := first, first
	under.State, under.FinishedAt, waits.PendingRestart = orbit.ChangePending, nil, true
	for want, changes := range map[string][]orbit.Change{
		"Partly failed": {first, second}, "Failed": {second, second}, "Applied": {first}, "Under way": {second, under}, "Waits for a restart": {waits},
	} {
		r := operator.Rollout{Changes: changes}
		if got := r.Outcome().Text; got != want {
			t.Errorf("the outcome is %q, want %q", got, want)
		}
		if ended := r.Ended(); (ended == nil) != (want == "Under way") {
			t.Errorf("%s: it ended at %v", want, ended)
		}
	}
}

func TestARolloutsIDTellsWhenItBegan(t *testing.T) {
	t.Parallel()
	before := time.Now().Truncate(time.Millisecond)
	id := uuid.Must(uuid.NewV7()).String()
	r := operator.Rollout{ID: id, Changes: []orbit.Change{{RolloutID: id}}}
	if began := r.Began(); began == nil || began.Before(before) || time.Since(*began) < 0 {
		t.Errorf("it began at %v, want about %v", began, before)
	}
	for _, id := range []string{"", "x", uuid.NewString()} {
		r := operator.Rollout{ID: id, Changes: []orbit.Change{{RolloutID: id}}}
		if began := r.Began(); began != nil {
			t.Errorf("of %q it tells %v", id, began)
		}
	}
}

func TestOnlyNewLinesOfALogAreSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, now, want string }{
		"the first look":        {"", "a b c", "a b c"},
		"nothing new":           {"a b c", "a b c", ""},
		"more":                  {"a b c", "a b c d e", "d e"},
		"the window moved":      {"a b c", "c d e", "d e"},
		"all is new":            {"a b c", "x y z", "x y z"},
		"the same line again":   {"a b b", "b b c", "c"},
		"a new, shorter log":    {"a b c", "x", "x"},
		"nothing any more":      {"a b c", "", ""},
		"what looks like a end": {"a b a", "a b a b", "b"},
	} {
		got := operator.Fresh(strings.Fields(test.before), strings.Fields(test.now))
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, want %q", name, got, test.want)
		}
	}
}

func TestTimesAreTheWordsOfPeople(t *testing.T) {
	t.Parallel()
	for past, want := range map[time.Duration]string{
		-time.Second: "just now", 0: "just now", 59 * time.Second: "59 s ago", time.Minute: "1 min ago", 90 * time.Minute: "1 h ago",
		47 * time.Hour: "47 h ago", 49 * time.Hour: "2 days ago",
	} {
		if got := operator.Since(past); got != want {
			t.Errorf("%v is %q, want %q", past, got, want)
		}
	}
	for took, want := range map[time.Duration]string{20 * time.Millisecond: "20 ms", 4490 * time.Millisecond: "4.5 s", 125 * time.Second: "2m5s"} {
		if got := operator.Lasted(took); got != want {
			t.Errorf("%v is %q, want %q", took, got, want)
		}
	}
}

func TestConditionsToLookAfter(t *testing.T) {
	t.Parallel()
	for condition, want := range map[[2]string]bool{
		{orbit.ConditionReady, "True"}: false, {orbit.ConditionReady, "False"}: true, {orbit.ConditionReady, "Unknown"}: true,
		{orbit.ConditionCrashLooping, "True"}: true, {orbit.ConditionCrashLooping, "False"}: false,
		{orbit.ConditionProgressing, "True"}: false, {orbit.ConditionIsolated, "False"}: true, {orbit.ConditionRoomForGreen, "False"}: true,
		{"SomethingNew", "False"}: false,
	} {
		if got := operator.Troubled(orbit.Condition{Type: condition[0], Status: condition[1]}); got != want {
			t.Errorf("%v is %v, want %v", condition, got, want)
		}
	}
}

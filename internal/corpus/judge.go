package corpus

import (
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Verdict compares what changeplan says with what was measured.
type Verdict struct {
	// Wrong has a line for each row in which changeplan is wrong, sorted as the corpus is.
	Wrong []string
	// Counts are the rows by label.
	Counts map[Label]int

	falseLive, falseRestart, refused, refusedBySchema, warned, wrongly int
}

// Judge holds changeplan against the measurements of a release. An edit without a measurement is wrong.
func Judge(c *Corpus, measured Measurements, release string) (Verdict, error) {
	v := Verdict{Counts: map[Label]int{}}
	for _, edit := range c.Edits {
		before, after, err := c.Documents(edit)
		if err != nil {
			return v, err
		}
		answer, ok := measured[edit.ID]
		if !ok {
			v.wrong(edit.ID, "it was not measured")
			continue
		}
		one := changeplan.State{Release: release, Config: before}
		other := changeplan.State{Release: release, Config: after}
		v.row(edit, edit.ID, answer, one, other)
		if answer, ok = measured[Undone(edit.ID)]; ok {
			v.row(edit, Undone(edit.ID), answer, other, one)
		}
	}
	return v, nil
}

func (v *Verdict) wrong(id, format string, args ...any) {
	v.Wrong = append(v.Wrong, id+": "+fmt.Sprintf(format, args...))
}

func (v *Verdict) row(edit Edit, id string, answer Measurement, before, after changeplan.State) {
	answer.Label = edit.meaning(answer.Label, id != edit.ID)
	v.Counts[answer.Label]++
	decision := changeplan.Decide(before, after)
	problems := changeplan.Problems(after)
	refused := orbit.HasErrors(problems)
	if answer.Label != NoBoot && refused {
		v.wrongly++
		v.wrong(id, "it boots, and is refused: %v", problems)
	}
	switch answer.Label {
	case NoBoot:
		switch {
		case refused:
			v.refused++
		case edit.Schema:
			v.refusedBySchema++
		case edit.Outside:
		default:
			v.wrong(id, "it does not boot (%s), and is not refused", answer.Failure)
		}
	case Live:
		if decision.Impact.Interrupts() {
			v.falseRestart++
			v.wrong(id, "it is live, and called a restart: %v", decision.Reasons)
		}
		if decision.Impact == orbit.ImpactNone {
			v.wrong(id, "it is live, and called none")
		}
		if len(changeplan.Looks(before, after)) == 0 {
			v.wrong(id, "it is live, and nothing would look for its effect")
		}
	case Restart:
		if !decision.Impact.Interrupts() {
			v.falseLive++
			v.wrong(id, "it needs a restart (%s → pushed %s, fresh %s; %s), and is called %s", answer.Before, answer.Pushed, answer.Fresh, answer.Failure, decision.Impact)
		}
	case Silent:
		switch {
		case len(problems) > 0:
			v.warned++
		case edit.Schema:
		default:
			v.wrong(id, "it does nothing, and nobody is told")
		}
	case None:
		if edit.Idle && decision.Impact.Interrupts() {
			v.wrong(id, "it changes nothing, and is called %s: %v", decision.Impact, decision.Reasons)
		}
	}
}

func (v *Verdict) rows() int {
	total := 0
	for _, count := range v.Counts {
		total += count
	}
	return total
}

// Figures says how well changeplan does, a line for each figure.
func (v *Verdict) Figures() []string {
	percent := func(part, whole int) string {
		if whole == 0 {
			return "0.0 %"
		}
		return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
	}
	total := v.rows()
	boots := total - v.Counts[NoBoot]
	ownNoBoot := v.Counts[NoBoot] - v.refusedBySchema
	return []string{
		fmt.Sprintf("corpus_edits: %d (none %d, live %d, restart %d, no-boot %d, silent %d)", total,
			v.Counts[None], v.Counts[Live], v.Counts[Restart], v.Counts[NoBoot], v.Counts[Silent]),
		fmt.Sprintf("corpus_restarts_called_live: %d of %d, %s", v.falseLive, v.Counts[Restart], percent(v.falseLive, v.Counts[Restart])),
		fmt.Sprintf("corpus_live_called_restart: %d of %d, %s", v.falseRestart, v.Counts[Live], percent(v.falseRestart, v.Counts[Live])),
		fmt.Sprintf("corpus_no_boot_refused: %d of %d, %s (%d more wait for the packages' schemas)", v.refused, ownNoBoot,
			percent(v.refused, ownNoBoot), v.refusedBySchema),
		fmt.Sprintf("corpus_valid_refused: %d of %d, %s", v.wrongly, boots, percent(v.wrongly, boots)),
		fmt.Sprintf("corpus_silent_warned: %d of %d, %s", v.warned, v.Counts[Silent], percent(v.warned, v.Counts[Silent])),
	}
}

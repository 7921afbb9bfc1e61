package corpus

import (
	"fmt"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
)

// The bounds that hold for every release.
const (
	minRows           = 150
	maxLiveAsRestarts = 2  // percent
	minNoBootRefused  = 95 // percent
)

func judged(t *testing.T, release string) (*Corpus, Measurements, Verdict) {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	measured, err := Measured(release)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := Judge(c, measured, release)
	if err != nil {
		t.Fatal(err)
	}
	return c, measured, verdict
}

func TestChangeplanSaysWhatWasMeasured(t *testing.T) {
	t.Parallel()
	for _, release := range backstage.Releases() {
		_, _, v := judged(t, release.Version)
		for _, row := range v.Wrong {
			t.Errorf("%s: %s", release.Version, row)
		}
		if v.rows() < minRows {
			t.Errorf("%s: %d rows were measured, want %d", release.Version, v.rows(), minRows)
		}
		if v.falseLive > 0 || v.wrongly > 0 {
			t.Errorf("%s: %d restarts are called live, %d valid edits are refused", release.Version, v.falseLive, v.wrongly)
		}
		if 100*v.falseRestart > maxLiveAsRestarts*v.Counts[Live] {
			t.Errorf("%s: %d of %d live edits are called restarts", release.Version, v.falseRestart, v.Counts[Live])
		}
		if own := v.Counts[NoBoot] - v.refusedBySchema; 100*v.refused < minNoBootRefused*own {
			t.Errorf("%s: %d of %d edits that do not boot are refused", release.Version, v.refused, own)
		}
		for _, figure := range v.Figures() {
			fmt.Println("figure:", figure)
		}
	}
}

func TestEveryLiveRowIsProvedByAMeasurement(t *testing.T) {
	t.Parallel()
	_, measured, _ := judged(t, backstage.Default().Version)
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	unseen := map[string]bool{}
	for _, edit := range c.Edits {
		unseen[edit.ID] = edit.Unseen
	}
	for _, row := range changeplan.LiveRows() {
		if got := measured[row.Proof].Label; got != Live && !(unseen[row.Proof] && got == None) {
			t.Errorf("%s is proved by %s, which was measured %q", strings.Join(row.Pattern, "."), row.Proof, got)
		}
	}
}

func TestTheCorpusCoversTheRelease(t *testing.T) {
	t.Parallel()
	c, _, _ := judged(t, backstage.Default().Version)
	packages := map[string]int{}
	for _, edit := range c.Edits {
		packages[edit.Package]++
	}
	const least = 15
	if len(packages) < least {
		t.Errorf("the corpus is about %d packages, want %d: %v", len(packages), least, packages)
	}
	fmt.Printf("figure: corpus_packages: %d\n", len(packages))
}

// TestAWrongRowIsFound makes sure that the judge can say no.
func TestAWrongRowIsFound(t *testing.T) {
	t.Parallel()
	c, measured, before := judged(t, backstage.Default().Version)
	lies := map[string]Label{"proxy/endpoint-added": Restart, "backend/cors-origin": Live, "proxy/target-no-url": Live, "backend/cors-methods": NoBoot, "backend/cors-max-age": ""}
	for id, label := range lies {
		answer := measured[id]
		answer.Label = label
		measured[id] = answer
		if label == "" {
			delete(measured, id)
		}
	}
	after, err := Judge(c, measured, backstage.Default().Version)
	if err != nil {
		t.Fatal(err)
	}
	if len(after.Wrong)-len(before.Wrong) < len(lies) || after.falseLive != before.falseLive+1 {
		t.Errorf("lies were believed: %q", after.Wrong)
	}
}

package changeplan_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
)

func TestTheGuideNamesWhatIsLive(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../templates/guides/changes-and-restarts.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range changeplan.LiveRows() {
		if slices.Contains(row.Pattern, "/*") {
			continue // the deprecated form of another row
		}
		if path := strings.Join(row.Pattern, "."); !strings.Contains(string(text), "`"+path+"`") {
			t.Errorf("%s is live, and the guide on changes and restarts does not say so", path)
		}
	}
}

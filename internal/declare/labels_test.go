package declare

import (
	"fmt"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestLabelsAreThoseOfKubernetes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	for _, name := range []string{"team", "Team", "a.b_c-d", "1", "example.com/team", "a/b", long, long + "/" + long, strings.Repeat("a.", 126) + "a/x"} {
		if got := Labels(map[string]string{name: "x"}); got != nil {
			t.Errorf("name %q is refused: %v", name, got)
		}
	}
	for _, value := range []string{"", "x", "1.2", "A_b-c", long} {
		if got := Labels(map[string]string{"team": value}); got != nil {
			t.Errorf("value %q is refused: %v", value, got)
		}
	}
	for name, words := range map[string]string{
		"": "both ends", "-a": "both ends", "a-": "both ends", "a b": "both ends", "é": "both ends", "a\n": "both ends",
		long + "a": "64 characters", "Example.com/x": "DNS name", "/x": "DNS name", "a/": "both ends", "a/b/c": "both ends",
		strings.Repeat("a", 254) + "/x": "254 characters",
	} {
		refuses(t, map[string]string{name: "x"}, words)
	}
	for value, words := range map[string]string{"a/b": "both ends", " ": "both ends", "x.": "both ends", long + "a": "64 characters"} {
		refuses(t, map[string]string{"team": value}, "label team cannot have", words)
	}
}

func TestAnInstanceHas64LabelsAtMost(t *testing.T) {
	t.Parallel()
	labels := map[string]string{}
	for i := range MaxLabels {
		labels[fmt.Sprintf("l%d", i)] = ""
	}
	if got := Labels(labels); got != nil {
		t.Errorf("%d labels are refused: %v", len(labels), got)
	}
	labels["more"] = ""
	refuses(t, labels, "65 labels")
}

func refuses(t *testing.T, labels map[string]string, words ...string) {
	t.Helper()
	got := Labels(labels)
	if len(got) != 1 || got[0].Code != orbit.CodeInvalidRequest || !strings.HasPrefix(got[0].Path, "labels") {
		t.Errorf("%q: got %+v, want one finding about labels", labels, got)
		return
	}
	for _, word := range words {
		if !strings.Contains(got[0].Message, word) {
			t.Errorf("%q: %q does not say %q", labels, got[0].Message, word)
		}
	}
}

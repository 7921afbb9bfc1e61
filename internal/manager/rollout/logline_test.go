package rollout

import (
	"fmt"
	"slices"
	"testing"
)

func TestLogLinesAreReadable(t *testing.T) {
	t.Parallel()
	got := readable([]string{
		`{"level":"warn","message":"no token","plugin":"argocd","service":"backstage","stack":"Error\n at x"}`,
		`{"level":"info","message":"started","service":"backstage"}`,
		`Segmentation fault`,
		`{"some":"json"}`,
	})
	want := []string{"warn argocd: no token", "info backstage: started", "Segmentation fault", `{"some":"json"}`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOnlyTheNewestLogLinesAreShown(t *testing.T) {
	t.Parallel()
	var lines []string
	for n := range 20 {
		lines = append(lines, fmt.Sprint("line ", n))
	}
	if got := readable(lines); len(got) != tailLines || got[len(got)-1] != "line 19" {
		t.Errorf("got %q, want the last %d", got, tailLines)
	}
}

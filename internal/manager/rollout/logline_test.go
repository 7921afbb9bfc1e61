package rollout

import (
	"fmt"
	"slices"
	"testing"
)

func TestLogLinesAreReadable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ lines, want []string }{
		"all of them": {
			[]string{`{"level":"info","message":"started","service":"backstage"}`, `{"level":"info","message":"ready","plugin":"auth","service":"backstage"}`},
			[]string{"info backstage: started", "info auth: ready"},
		},
		"complaints where there are any": {
			[]string{
				`{"level":"warn","message":"no token","plugin":"argocd","service":"backstage","stack":"Error\n at x"}`,
				`{"level":"info","message":"started","service":"backstage"}`,
				`{"level":"error","message":"Missing key","plugin":"argocd","service":"backstage"}`,
			},
			[]string{"warn argocd: no token", "error argocd: Missing key"},
		},
		"what is no log line": {
			[]string{`{"level":"info","message":"started","service":"backstage"}`, `Segmentation fault`, `{"some":"json"}`},
			[]string{"Segmentation fault", `{"some":"json"}`},
		},
		"none": {},
	} {
		if got := readable(test.lines); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
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

package logline_test

import (
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/logline"
)

func TestALineIsReadable(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"level":"error","plugin":"argocd","service":"backstage","message":"no token"}`: "error argocd: no token",
		`{"level":"info","service":"rootHttpRouter","message":"listening"}`:              "info rootHttpRouter: listening",
		`{"message":"bare"}`:           ": bare",
		`{"level":"info"}`:             "",
		`Error: not JSON`:              "",
		`{"level":1,"message":"typo"}`: "",
	} {
		entry, read := logline.Parse(line)
		if !read {
			if want != "" {
				t.Errorf("%s is not read", line)
			}
			continue
		}
		if got := entry.String(); got != want {
			t.Errorf("%s is %q, want %q", line, got, want)
		}
	}
}

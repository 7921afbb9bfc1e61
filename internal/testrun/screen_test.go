package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestALongSilenceIsBrokenByWhatStillRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := newScreen(&out)
		ctx, cancel := context.WithCancel(t.Context())
		go s.beat(ctx)

		s.begin("install release")
		s.begin("go test")
		time.Sleep(4 * time.Second)
		s.begin("go test internal/e2e")
		s.begin("go test internal/e2e TestTenants")
		time.Sleep(12 * time.Second)
		s.end("install release")
		s.printf("ok     release")
		time.Sleep(16 * time.Second)
		s.end("go test")
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()

		want := strings.Join([]string{
			"[  15s]       still running: install release (15s), go test internal/e2e TestTenants (11s)",
			"[  16s] ok     release",
			"[  31s]       still running: go test internal/e2e TestTenants (27s)",
			"",
		}, "\n")
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	})
}

package manager

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBundlesAreNotedEveryHourAndCollectedEveryDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var done []string
		keeps := keeper{
			note:    func(context.Context) error { done = append(done, "note"); return nil },
			collect: func(context.Context) { done = append(done, "collect") },
		}
		go keeps.run(ctx)
		time.Sleep(26*time.Hour - time.Minute)
		synctest.Wait()
		want := "note note collect" + strings.Repeat(" note", 24) + " collect"
		if got := strings.Join(done, " "); got != want {
			t.Errorf("in 26 hours it did %q, want %q", got, want)
		}
	})
}

func TestNothingIsCollectedWhileUseCannotBeNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		keeps := keeper{
			note:    func(context.Context) error { return errors.New("no database") },
			collect: func(context.Context) { t.Error("something is collected") },
			logger:  slog.New(slog.DiscardHandler),
		}
		go keeps.run(ctx)
		time.Sleep(100 * time.Hour)
	})
}

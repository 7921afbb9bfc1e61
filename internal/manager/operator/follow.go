package operator

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// eventsAtOnce is how many events are read at a time.
	eventsAtOnce = 100
	// logEvery is how often the end of a log that somebody follows is looked at.
	logEvery = 2 * time.Second
)

// eventSource sends events as rows of the page, of the path's workspace or of all that the principal may see: those after
// the one that the browser had last.
func (p *operator) eventSource(r *http.Request) (source, error) {
	workspace := cmp.Or(r.PathValue("workspace"), auth.FromContext(r.Context()).Workspace)
	after, err := p.resume(r, workspace)
	return source{next: p.Happened, send: func(ctx context.Context, s *stream) error {
		for {
			events, err := p.eventsAfter(ctx, workspace, after)
			if err != nil {
				return err
			}
			for _, e := range events {
				row, err := p.look.part("event-row", eventRow{Event: e, OfMany: workspace == ""})
				if err == nil {
					err = s.send("row", strconv.FormatInt(e.ID, 10), row)
				}
				if err != nil {
					return err
				}
				after = e.ID
			}
			if len(events) < eventsAtOnce {
				return nil
			}
		}
	}}, err
}

func (p *operator) eventsAfter(ctx context.Context, workspace string, after int64) ([]orbit.Event, error) {
	if workspace == "" {
		return p.History.AllEvents(ctx, after, eventsAtOnce)
	}
	return p.History.Events(ctx, workspace, after, eventsAtOnce)
}

// resume is the event to go on after: the last that the browser had, or that its page shows, else the newest.
func (p *operator) resume(r *http.Request, workspace string) (int64, error) {
	for _, given := range []string{r.Header.Get("Last-Event-ID"), r.FormValue("after")} {
		if after, err := strconv.ParseInt(given, 10, 64); err == nil {
			return after, nil
		}
	}
	return p.newest(r, workspace)
}

// logSource sends the end of the instance's log, and then what is added to it, as lines of the page.
func (p *operator) logSource(r *http.Request) (source, error) {
	workspace, kind := r.PathValue("workspace"), "tail"
	var before []string
	return source{next: aWhile, send: func(ctx context.Context, s *stream) error {
		now, err := p.Reader.Logs(ctx, workspace, linesOnPage)
		if err != nil {
			return err
		}
		added := fresh(before, now)
		if len(added) == 0 && kind == "lines" {
			return nil
		}
		html, err := p.look.part("log-lines", readLines(added))
		if err == nil {
			err = s.send(kind, "", html)
		}
		before, kind = now, "lines"
		return err
	}}, nil
}

// aWhile tells when it is time to look at a log again.
func aWhile() <-chan struct{} {
	passed := make(chan struct{})
	time.AfterFunc(logEvery, func() { close(passed) })
	return passed
}

package operator

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// eventsOnPage is how many of the newest events a page shows at first.
const eventsOnPage = 100

// eventsView are events, newest first.
type eventsView struct {
	Rows []eventRow
	// OfMany says that they are of more than one workspace.
	OfMany bool
}

// eventRow is an event in such a list.
type eventRow struct {
	orbit.Event
	OfMany bool
}

func (p *operator) events(r *http.Request) (view, error) {
	workspace := auth.FromContext(r.Context()).Workspace
	events, err := p.History.NewestEvents(r.Context(), workspace, eventsOnPage)
	return view{
		Name: "events", Title: "Events", Stream: streamFrom(Path+"events/stream", last(events)),
		Content: viewEvents(events, workspace == ""),
	}, err
}

// viewEvents are events, oldest first, as a list shows them.
func viewEvents(events []orbit.Event, ofMany bool) eventsView {
	rows := make([]eventRow, len(events))
	for i, e := range events {
		rows[i] = eventRow{Event: e, OfMany: ofMany}
	}
	slices.Reverse(rows)
	return eventsView{Rows: rows, OfMany: ofMany}
}

// last is the id of the newest of events, oldest first; 0 when there are none.
func last(events []orbit.Event) int64 {
	if len(events) == 0 {
		return 0
	}
	return events[len(events)-1].ID
}

// newest is the id of the newest event that the request's principal may see: of the workspace, or with "" of all of theirs.
func (p *operator) newest(r *http.Request, workspace string) (int64, error) {
	if workspace == "" {
		workspace = auth.FromContext(r.Context()).Workspace
	}
	events, err := p.History.NewestEvents(r.Context(), workspace, 1)
	return last(events), err
}

// streamFrom is the address of a stream of what comes after an event.
func streamFrom(path string, after int64) string { return fmt.Sprintf("%s?after=%d", path, after) }

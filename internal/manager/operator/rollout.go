package operator

import (
	"net/http"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// changesOnPage is how many changes one page of rollouts is made of.
const changesOnPage = 50

// rolloutsView are a workspace's rollouts, newest first.
type rolloutsView struct {
	Workspace string
	Rollouts  []rollout
	// Next is the cursor of the next page; "" on the last.
	Next string
}

// rollouts shows them a page at a time. One that lies across two pages is on both.
func (p *operator) rollouts(r *http.Request) (view, error) {
	workspace, before := r.PathValue("workspace"), r.FormValue("before")
	if !isText(before) {
		before = ""
	}
	changes, err := p.History.Changes(r.Context(), workspace, before, changesOnPage+1)
	if err != nil {
		return view{}, err
	}
	content := rolloutsView{Workspace: workspace}
	if len(changes) > changesOnPage {
		changes = changes[:changesOnPage]
		content.Next = changes[changesOnPage-1].ID
	}
	content.Rollouts = group(changes)
	return view{Name: "rollouts", Title: "Rollouts of " + workspace, Trail: trailOf(workspace), Content: content}, nil
}

// trailOf leads to the pages below a workspace's.
func trailOf(workspace string) []link {
	return []link{{"Workspaces", Path}, {workspace, workspacePath(workspace)}}
}

// rolloutView is a rollout's page.
type rolloutView struct {
	rollout
	eventsView
}

func (p *operator) rollout(r *http.Request) (view, error) {
	workspace, id := r.PathValue("workspace"), r.PathValue("id")
	after, err := p.newest(r, workspace) // before the rest, so that nothing is missed
	if err != nil {
		return view{}, err
	}
	changes, err := p.History.RolloutChanges(r.Context(), workspace, id)
	if err != nil {
		return view{}, err
	}
	events, err := p.History.RolloutEvents(r.Context(), workspace, id)
	if err != nil {
		return view{}, err
	}
	if len(changes) == 0 && len(events) == 0 {
		return view{}, store.ErrNotFound
	}
	for i := range events {
		events[i].RolloutID = "" // it would lead here
	}
	return view{
		Name: "rollout", Title: "Rollout of " + workspace, Trail: trailOf(workspace),
		Stream:  streamFrom(workspacePath(workspace, "events", "stream"), after),
		Content: rolloutView{rollout: rollout{Workspace: workspace, ID: id, Changes: changes}, eventsView: viewEvents(events, false)},
	}, nil
}

// Each are its changes, each as if it had been carried alone.
func (v rolloutView) Each() []rollout {
	each := make([]rollout, len(v.Changes))
	for i, c := range v.Changes {
		each[i] = rollout{Workspace: c.Workspace, ID: c.ID, Changes: []orbit.Change{c}}
	}
	return each
}

package operator

import (
	"net/http"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// workspacesOnPage is how many workspaces one page lists: each is looked at when it is listed.
const workspacesOnPage = 50

// workspacesView is the list of workspaces.
type workspacesView struct {
	Rows []workspaceRow
	// Next is the cursor of the next page; "" on the last.
	Next string
	// First says that it is the first page.
	First bool
}

// workspaceRow is a workspace in the list.
type workspaceRow struct {
	orbit.Instance
	Plugins int
	// Last is what was done last; nil where nobody knows any more.
	Last *rollout
}

func (p *operator) workspaces(r *http.Request) (view, error) {
	cursor := r.FormValue("after")
	if !isText(cursor) {
		cursor = ""
	}
	after, err := p.newest(r, "") // before the rest, so that nothing is missed
	if err != nil {
		return view{}, err
	}
	page, err := p.Reader.Instances(r.Context(), orbit.InstanceQuery{
		PageOptions: orbit.PageOptions{Limit: workspacesOnPage, Cursor: cursor},
	})
	if err != nil {
		return view{}, err
	}
	names := make([]string, len(page.Items))
	for i := range page.Items {
		names[i] = page.Items[i].Workspace
	}
	recent, err := p.History.Recent(r.Context(), names)
	if err != nil {
		return view{}, err
	}
	content := workspacesView{Next: page.Next, First: cursor == ""}
	for i := range page.Items {
		instance := page.Items[i]
		row := workspaceRow{Instance: instance, Plugins: len(instance.Plugins) + recent[instance.Workspace].Plugins}
		if last := recent[instance.Workspace].Change; last != nil {
			row.Last = &group([]orbit.Change{*last})[0]
		}
		content.Rows = append(content.Rows, row)
	}
	return view{Name: "workspaces", Title: "Workspaces", Stream: streamFrom(Path+"events/stream", after), Content: content}, nil
}

// Troubles are the conditions to look after.
func (r workspaceRow) Troubles() []orbit.Condition {
	return slices.DeleteFunc(slices.Clone(r.Status.Conditions), func(c orbit.Condition) bool { return !troubled(c) })
}

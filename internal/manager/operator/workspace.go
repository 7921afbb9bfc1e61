package operator

import (
	"net/http"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// changesLooked is how many changes the newest rollouts are made of.
	changesLooked = 30
	// eventsInBrief and linesInBrief are how many events and lines of the log a workspace's page shows.
	eventsInBrief, linesInBrief = 20, 15
)

// workspaceView is a workspace's page.
type workspaceView struct {
	orbit.Instance
	eventsView
	Rollouts []rollout
	Lines    []line
	// NoLog says why there are no lines; "" where that is because nothing was said.
	NoLog string
}

func (p *operator) workspace(r *http.Request) (view, error) {
	workspace := r.PathValue("workspace")
	events, err := p.History.NewestEvents(r.Context(), workspace, eventsInBrief) // before the rest, so that none is missed
	if err != nil {
		return view{}, err
	}
	instance, err := p.Reader.InstanceWithPlugins(r.Context(), workspace)
	if err != nil {
		return view{}, err
	}
	changes, err := p.History.Changes(r.Context(), workspace, "", changesLooked)
	if err != nil {
		return view{}, err
	}
	content := workspaceView{Instance: instance, Rollouts: group(changes), eventsView: viewEvents(events, false)}
	lines, err := p.Reader.Logs(r.Context(), workspace, linesInBrief)
	if err != nil { // the rest is worth seeing without
		p.Logger.WarnContext(r.Context(), "log not shown", "workspace", workspace, "error", err)
		content.NoLog = "The log cannot be read now."
	}
	content.Lines = readLines(lines)
	return view{
		Name: "workspace", Title: workspace, Trail: []link{{"Workspaces", Path}},
		Stream: streamFrom(workspacePath(workspace, "events", "stream"), last(events)), Content: content,
	}, nil
}

// MemoryMiB is what the process has in memory now, 0 when unknown.
func (v workspaceView) MemoryMiB() int64 { return mebibytes(v.Status.MemoryBytes) }

// Limit says what holds the process to its memory limit.
func (v workspaceView) Limit() string {
	switch v.Status.MemoryLimit {
	case "cgroup":
		return "held by its control group"
	case "heap":
		return "held by Node.js' heap alone"
	default:
		return ""
	}
}

// Owner says which resource declared a plugin, for people.
func (v workspaceView) Owner(p orbit.Plugin) string {
	if p.Owner == orbit.OwnerInstance {
		return "the instance"
	}
	return "a resource of its own"
}

package store

import (
	"context"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Recent is what a list of workspaces says of one beside its instance.
type Recent struct {
	// Plugins counts those with a resource of their own.
	Plugins int
	// Change is the newest change; nil where none is kept any more.
	Change *orbit.Change
}

// Changes returns at most limit of the workspace's changes whose id is below before, newest first; "" is all. Those of a
// deleted instance are among them.
func (q queries) Changes(ctx context.Context, workspace, before string, limit int) ([]orbit.Change, error) {
	return q.history(ctx, "changes of "+workspace,
		"workspace = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3", workspace, before, limit)
}

// RolloutChanges returns the changes that a rollout of the workspace carried, oldest first, or the one change of that id,
// which no rollout needs to have carried. There are none where neither is known.
func (q queries) RolloutChanges(ctx context.Context, workspace, id string) ([]orbit.Change, error) {
	return q.history(ctx, "changes of rollout "+id, "workspace = $1 AND (rollout_id = $2 OR id = $2) ORDER BY id", workspace, id)
}

// history are changes without what only rollouts need to know.
func (q queries) history(ctx context.Context, what, where string, arguments ...any) ([]orbit.Change, error) {
	full, err := q.changes(ctx, what, where, arguments...)
	if err != nil {
		return nil, err
	}
	changes := make([]orbit.Change, len(full))
	for i := range full {
		changes[i] = full[i].Change
	}
	return changes, nil
}

// Recent returns what there is of each of the workspaces, by name.
func (q queries) Recent(ctx context.Context, workspaces []string) (map[string]Recent, error) {
	recent := make(map[string]Recent, len(workspaces))
	type counted struct {
		Workspace string
		Plugins   int
	}
	counts, err := collect[counted](ctx, q.db, "how many plugins there are",
		"SELECT workspace, count(*) AS plugins FROM plugins WHERE workspace = ANY($1) GROUP BY workspace", workspaces)
	if err != nil {
		return nil, err
	}
	for _, c := range counts {
		recent[c.Workspace] = Recent{Plugins: c.Plugins}
	}
	newest, err := q.history(ctx, "the newest changes",
		"id IN (SELECT (SELECT max(id) FROM changes WHERE workspace = name) FROM unnest($1::text[]) AS name)", workspaces)
	if err != nil {
		return nil, err
	}
	for i, c := range newest {
		recent[c.Workspace] = Recent{Plugins: recent[c.Workspace].Plugins, Change: &newest[i]}
	}
	return recent, nil
}

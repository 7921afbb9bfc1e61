package inventory

import (
	"context"
	"errors"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// scanStep is how many instances are looked through at a time for those in a phase, which no row tells.
	scanStep = 100
	// maxScan is how many one page looks through at most; what it did not come to is for the next one.
	maxScan = 1000
)

// Instance returns an instance with its status, or store.ErrNotFound.
func (v *Inventory) Instance(ctx context.Context, workspace string) (orbit.Instance, error) {
	seen, err := v.Store.Look(ctx, workspace)
	if err != nil {
		return orbit.Instance{}, err
	}
	return v.instance(seen, v.Vetting.Masked(seen.Declared), v.Supervisor.Status(ctx, seen.Instance))
}

// InstanceWithPlugins returns an instance with its status and all of its plugins, or store.ErrNotFound.
func (v *Inventory) InstanceWithPlugins(ctx context.Context, workspace string) (orbit.Instance, error) {
	seen, err := v.Store.Look(ctx, workspace)
	if err != nil {
		return orbit.Instance{}, err
	}
	shown := v.Vetting.Masked(seen.Declared)
	instance, err := v.instance(seen, shown, v.Supervisor.Status(ctx, seen.Instance))
	instance.AllPlugins = plugins(seen, shown)
	return instance, err
}

// Instances returns a page of the instances that the query selects, by workspace. With a phase the page may have fewer than
// the limit, or none, although there is a next one: the phase is told by looking, and one page looks through 1000 at most.
func (v *Inventory) Instances(ctx context.Context, query orbit.InstanceQuery) (orbit.Page[orbit.Instance], error) {
	page := orbit.Page[orbit.Instance]{Items: []orbit.Instance{}}
	after, step := query.Cursor, query.Limit+1
	if query.Phase != "" {
		step = scanStep
	}
	for scanned := 0; scanned < maxScan; {
		rows, err := v.Store.LabelledInstances(ctx, query.Labels, after, step)
		if err != nil {
			return page, err
		}
		for _, row := range rows {
			if len(page.Items) == query.Limit {
				page.Next = after
				return page, nil
			}
			after = row.Workspace
			instance, selected, err := v.selected(ctx, row, query.Phase)
			if err != nil {
				return page, err
			}
			if selected {
				page.Items = append(page.Items, instance)
			}
		}
		if len(rows) < step {
			return page, nil
		}
		scanned += len(rows)
	}
	page.Next = after
	return page, nil
}

// selected is the instance of a row, if it is in the phase, whichever that is where none is asked for, and still there.
func (v *Inventory) selected(ctx context.Context, row store.Instance, phase orbit.Phase) (orbit.Instance, bool, error) {
	status := v.Supervisor.Status(ctx, row)
	if phase != "" && status.Phase != phase {
		return orbit.Instance{}, false, nil
	}
	seen, err := v.Store.Look(ctx, row.Workspace)
	if err != nil {
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return orbit.Instance{}, false, err
	}
	instance, err := v.instance(seen, v.Vetting.Masked(seen.Declared), status)
	return instance, true, err
}

// instance is what was seen as people may see it.
func (v *Inventory) instance(seen store.Seen, shown store.Given, status orbit.InstanceStatus) (orbit.Instance, error) {
	row := seen.Instance
	var err error
	if status.PendingReasons, err = pending(seen); err != nil {
		return orbit.Instance{}, err
	}
	status.PendingRestart = len(status.PendingReasons) > 0
	url := v.URL(row.Workspace, row.Spec.BaseURL)
	return orbit.Instance{
		Workspace: row.Workspace, InstanceSpec: shown.Spec, SecretNames: shown.SecretNames(), URL: url, APIURL: url + "/api",
		DatabaseName: postgres.DatabaseName(row.Workspace), ETag: row.ETag, Generation: row.Generation,
		CreatedAt: row.CreatedAt, Status: status,
	}, nil
}

// pending says why stored changes wait for a restart; nothing where the instance's policy rolls them out.
func pending(seen store.Seen) ([]orbit.Reason, error) {
	if seen.Instance.Served == nil || seen.Instance.Spec.RestartPolicy.Automatic() {
		return nil, nil
	}
	return rollout.PendingRestart(*seen.Instance.Served, seen.Declared)
}

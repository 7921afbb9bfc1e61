package httpapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// own is what Own returns.
type own struct{ Reader }

// Own returns a reader that shows whoever is limited to a workspace nothing of others where the path names none.
func Own(r Reader) Reader { return own{r} }

// Instances returns the instance of the principal's workspace alone where they are limited to one.
func (o own) Instances(ctx context.Context, query orbit.InstanceQuery) (orbit.Page[orbit.Instance], error) {
	workspace := auth.FromContext(ctx).Workspace
	if workspace == "" {
		return o.Reader.Instances(ctx, query)
	}
	page := orbit.Page[orbit.Instance]{Items: []orbit.Instance{}}
	if workspace <= query.Cursor {
		return page, nil
	}
	instance, err := o.Reader.Instance(ctx, workspace)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return page, nil
	case err == nil && query.Selects(&instance):
		page.Items = append(page.Items, instance)
	}
	return page, err
}

// Change returns store.ErrNotFound for a change of another workspace, at once, as for one that does not exist.
func (o own) Change(ctx context.Context, id string) (orbit.Change, error) {
	if p := auth.FromContext(ctx); p.Workspace != "" {
		now, cancel := context.WithCancel(ctx)
		cancel()
		change, err := o.Reader.Change(now, id)
		if err == nil && !p.Sees(change.Workspace) {
			err = fmt.Errorf("read change %s: %w", id, store.ErrNotFound)
		}
		if err != nil || change.Done() {
			return change, err
		}
	}
	return o.Reader.Change(ctx, id)
}

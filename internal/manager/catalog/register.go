package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// register registers the target, or finds what an earlier request with the key registered. A key is noted once it is
// known that nobody else has the target, so a retry that meets it registered meets its own.
func (c *Catalogs) register(ctx context.Context, workspace, key, target string) (registered, error) {
	retry, err := c.retries(ctx, workspace, key, target)
	if err != nil {
		return registered{}, err
	}
	var created struct{ Location registered }
	err = c.ask(ctx, workspace, question{method: http.MethodPost, path: "/locations", body: location(target)}, &created)
	switch {
	case err == nil && created.Location.ID == "":
		return registered{}, c.unavailable(ctx, workspace, "its answer is not what a catalog says")
	case err == nil:
		return created.Location, nil
	case refusedWith(err, http.StatusConflict) && retry:
		if l, found, err := c.findTarget(ctx, workspace, target); found || err != nil {
			return l, err
		}
		return registered{}, c.unavailable(ctx, workspace, "the location was removed while it was registered")
	}
	var r *refusal
	if key != "" && errors.As(err, &r) { // nothing was registered, so nothing can be retried
		if err := c.Store.Unregister(ctx, workspace, key); err != nil {
			return registered{}, err
		}
	}
	if refusedWith(err, http.StatusConflict) {
		return registered{}, exists(workspace, target)
	}
	return registered{}, notTaken(err, "The location "+target+" cannot be registered for workspace "+workspace)
}

// retries says whether an earlier request with the key began to register the target, and notes this one.
func (c *Catalogs) retries(ctx context.Context, workspace, key, target string) (bool, error) {
	if key == "" {
		return false, nil
	}
	earlier, err := c.Store.Registration(ctx, workspace, key)
	if errors.Is(err, store.ErrNotFound) {
		_, found, lost := c.findTarget(ctx, workspace, target)
		switch {
		case lost != nil:
			return false, lost
		case found:
			return false, exists(workspace, target)
		}
		earlier, err = c.Store.Register(ctx, workspace, key, target)
	}
	switch {
	case err != nil:
		return false, err
	case earlier != "" && earlier != target:
		return false, &orbit.Problem{
			Code: orbit.CodeKeyReused, Title: "Idempotency-Key used twice",
			Detail: "an earlier request with this key asked for something else; make a new key for every request",
		}
	default:
		return earlier != "", nil
	}
}

func (c *Catalogs) findTarget(ctx context.Context, workspace, target string) (l registered, found bool, err error) {
	locations, err := c.list(ctx, workspace)
	if err != nil {
		return registered{}, false, err
	}
	i := slices.IndexFunc(locations, func(l registered) bool { return l.Target == target })
	if i < 0 {
		return registered{}, false, nil
	}
	return locations[i], true, nil
}

func exists(workspace, target string) error {
	return &orbit.Problem{
		Code: orbit.CodeAlreadyExists, Title: "The location " + target + " of workspace " + workspace + " exists already", Pointer: "/target",
		Detail: "it was registered by somebody else; to manage it here, import it: " +
			fmt.Sprintf("terraform import orbit_backstage_catalog_location.<name> %s/%s", workspace, target),
	}
}

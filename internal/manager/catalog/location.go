package catalog

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// locationType is the type of all locations that can be registered.
const locationType = "url"

// location is what a catalog is asked to register.
func location(target string) map[string]string {
	return map[string]string{"type": locationType, "target": target}
}

// CreateLocation registers a location. With a key, a retry gets what its first attempt registered.
func (c *Catalogs) CreateLocation(ctx context.Context, workspace, key string, write orbit.CatalogLocationWrite) (orbit.CatalogLocation, error) {
	if err := registrable(write.Target); err != nil {
		return orbit.CatalogLocation{}, err
	}
	bounded, leave, err := c.enter(ctx, workspace)
	if err != nil {
		return orbit.CatalogLocation{}, err
	}
	defer leave()
	l, err := c.register(bounded, workspace, key, write.Target)
	if err != nil {
		return orbit.CatalogLocation{}, err
	}
	return c.await(ctx, workspace, l, write.WaitSeconds), nil
}

// Locations returns all registered locations, by target.
func (c *Catalogs) Locations(ctx context.Context, workspace string) ([]orbit.CatalogLocation, error) {
	ctx, leave, err := c.enter(ctx, workspace)
	if err != nil {
		return nil, err
	}
	defer leave()
	locations, err := c.list(ctx, workspace)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(locations, func(a, b registered) int { return cmp.Compare(a.Target, b.Target) })
	return c.produced(ctx, workspace, locations)
}

// Location returns a registered location by the catalog's id.
func (c *Catalogs) Location(ctx context.Context, workspace, id string) (orbit.CatalogLocation, error) {
	ctx, leave, err := c.enter(ctx, workspace)
	if err != nil {
		return orbit.CatalogLocation{}, err
	}
	defer leave()
	var l registered
	if err := c.byID(ctx, workspace, http.MethodGet, id, &l); err != nil {
		return orbit.CatalogLocation{}, err
	}
	told, err := c.look(ctx, workspace, l)
	if err != nil || len(told.Entities) > 0 || len(told.Problems) > 0 {
		return told, err
	}
	return c.explained(ctx, workspace, told), nil
}

// DeleteLocation removes a registered location, and with it what it alone produced.
func (c *Catalogs) DeleteLocation(ctx context.Context, workspace, id string) error {
	ctx, leave, err := c.enter(ctx, workspace)
	if err != nil {
		return err
	}
	defer leave()
	return c.byID(ctx, workspace, http.MethodDelete, id, nil)
}

// byID asks about one location. An id that no location can have, a catalog's database would fail at.
func (c *Catalogs) byID(ctx context.Context, workspace, method, id string, into any) error {
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		return fmt.Errorf("workspace %s has no location %q: %w", workspace, id, store.ErrNotFound)
	}
	err := c.ask(ctx, workspace, question{method: method, path: "/locations/" + url.PathEscape(id)}, into)
	return notTaken(err, "The location "+id+" of workspace "+workspace)
}

// list are the registered locations as the catalog has them.
func (c *Catalogs) list(ctx context.Context, workspace string) ([]registered, error) {
	var rows []struct{ Data registered }
	if err := c.ask(ctx, workspace, question{method: http.MethodGet, path: "/locations"}, &rows); err != nil {
		return nil, notTaken(err, "The locations of workspace "+workspace+" cannot be listed")
	}
	var locations []registered
	for _, row := range rows {
		if row.Data.Type == locationType {
			locations = append(locations, row.Data)
		}
	}
	return locations, nil
}

// registrable refuses what no catalog could read, or what is not for it to read. Which hosts it may read from is its own
// to say (integrations, backend.reading.allow).
func registrable(target string) error {
	findings := declare.CatalogTarget(target)
	if len(findings) == 0 {
		return nil
	}
	return &orbit.Problem{
		Code: orbit.CodeInvalidRequest, Title: "The target cannot be registered", Pointer: "/target", Detail: findings[0].Message,
		Diagnostics: findings,
	}
}

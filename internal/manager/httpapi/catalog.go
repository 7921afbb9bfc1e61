package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// catalogTags group what asks an instance's catalog.
var catalogTags = []string{"catalog"} //nolint:gochecknoglobals // constant

// LocationPath names a location by the catalog's own id.
type LocationPath struct {
	WorkspacePath
	ID string `path:"id" doc:"The catalog's own id of the location."`
}

func (a *api) locations() {
	const path = "/v1/instances/{workspace}/catalog/locations"
	route(a, huma.Operation{
		OperationID: "createCatalogLocation", Method: http.MethodPost, Path: path, Tags: catalogTags,
		Summary: "Register location", DefaultStatus: http.StatusCreated,
		Description: "Registers a location in the instance's own catalog, without a restart. With wait_seconds, answers when " +
			"its entities are there, or the catalog says why there are none, or the time is over.",
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		IdempotencyKey string `header:"Idempotency-Key" doc:"A retry with the same key gets what the first attempt registered." maxLength:"128"`
		Body           orbit.CatalogLocationWrite
	}) (*struct{ Body orbit.CatalogLocation }, error) {
		location, err := a.catalog.CreateLocation(ctx, in.Workspace, in.IdempotencyKey, in.Body)
		return &struct{ Body orbit.CatalogLocation }{location}, err
	})
	route(a, huma.Operation{
		OperationID: "listCatalogLocations", Method: http.MethodGet, Path: path, Tags: catalogTags,
		Summary:     "List locations",
		Description: "All locations that are registered in the instance's own catalog, by target. Those of its app-config are not among them.",
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *WorkspacePath) (*struct {
		Body orbit.Page[orbit.CatalogLocation]
	}, error) {
		locations, err := a.catalog.Locations(ctx, in.Workspace)
		page := pageOf(locations, len(locations), func(orbit.CatalogLocation) string { return "" })
		return &struct {
			Body orbit.Page[orbit.CatalogLocation]
		}{page}, err
	})
	route(a, huma.Operation{
		OperationID: "getCatalogLocation", Method: http.MethodGet, Path: path + "/{id}", Tags: catalogTags,
		Summary: "Read location", Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *LocationPath) (*struct{ Body orbit.CatalogLocation }, error) {
		location, err := a.catalog.Location(ctx, in.Workspace, in.ID)
		return &struct{ Body orbit.CatalogLocation }{location}, err
	})
	route(a, huma.Operation{
		OperationID: "deleteCatalogLocation", Method: http.MethodDelete, Path: path + "/{id}", Tags: catalogTags,
		Summary: "Remove location", DefaultStatus: http.StatusNoContent,
		Description: "Removes a registered location, and with it the entities that it alone produced.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *LocationPath) (*struct{}, error) {
		return nil, a.catalog.DeleteLocation(ctx, in.Workspace, in.ID)
	})
}

func (a *api) entities() {
	route(a, huma.Operation{
		OperationID: "listCatalogEntities", Method: http.MethodGet, Path: "/v1/instances/{workspace}/catalog/entities",
		Tags: catalogTags, Summary: "List entities",
		Description: "One page of the entities of the instance's own catalog. The cursor carries the filters, not the fields.",
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		PageQuery
		Filter []string `query:"filter,explode" maxItems:"50" doc:"Conditions in the catalog's own syntax: all of one filter have to hold, and one of the filters has to: kind=component,spec.type=service"`
		Field  []string `query:"field,explode" maxItems:"50" doc:"The parts of an entity that are wanted, as metadata.name. Absent: all."`
	}) (*struct{ Body orbit.Page[orbit.Entity] }, error) {
		page, err := a.catalog.Entities(ctx, in.Workspace, orbit.EntityQuery{
			Filters: in.Filter, Fields: in.Field, PageOptions: orbit.PageOptions{Limit: in.Limit, Cursor: in.Cursor},
		})
		return &struct{ Body orbit.Page[orbit.Entity] }{page}, err
	})
	route(a, huma.Operation{
		OperationID: "refreshCatalog", Method: http.MethodPost, Path: "/v1/instances/{workspace}/catalog/refresh",
		Tags: catalogTags, Summary: "Refresh entity", DefaultStatus: http.StatusNoContent,
		Description: "Has the catalog read an entity again from where it comes. Answers when that is scheduled.",
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		Body orbit.CatalogRefresh
	}) (*struct{}, error) {
		recordOf(ctx).Object = recorded(in.Body.EntityRef)
		return nil, a.catalog.Refresh(ctx, in.Workspace, in.Body.EntityRef)
	})
}

package orbit

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// CatalogLocation is a place that an instance's own catalog reads entities from because it was registered through the
// catalog's API; those of the app-config (catalog.locations) are not among them.
type CatalogLocation struct {
	// ID is the catalog's own. It is another one when the location is registered again.
	ID string `json:"id" doc:"The catalog's own id."`
	// Target is the URL that is read, of a catalog-info.yaml for example. A catalog has each target once.
	Target string `json:"target" doc:"The URL that is read."`
	// Entities are the refs of what the location has produced so far, sorted: component:default/payments.
	Entities []string `json:"entities" doc:"Refs of the entities that it has produced so far, sorted."`
	// Problems is what the catalog says against the location or its entities, such as a target that cannot be read.
	Problems []string `json:"problems,omitempty" doc:"What the catalog says against it, such as a target that cannot be read."`
}

// CatalogLocationWrite is the body of POST …/catalog/locations.
type CatalogLocationWrite struct {
	// Target is an http or https URL that the instance can read.
	Target string `json:"target" format:"uri" maxLength:"2000" doc:"An http or https URL that the instance can read."`
	// WaitSeconds is how long the answer may wait for the first entities.
	WaitSeconds int `json:"wait_seconds,omitempty" minimum:"0" maximum:"300" doc:"How long to wait until the catalog has read it, in seconds. 0: not at all."`
}

// NewIdempotencyKey names one thing that is asked for, however often it is.
func NewIdempotencyKey() string { return uuid.NewString() }

func locationsPath(workspace string) string { return instancePath(workspace) + "/catalog/locations" }

// CreateCatalogLocation registers a location in the instance's catalog. It takes effect without a restart. One whose target
// is registered already is CodeAlreadyExists; one that was registered with the same key, because the answer was lost, is
// answered again. NewIdempotencyKey makes a key.
func (c *Client) CreateCatalogLocation(ctx context.Context, workspace, key string, write CatalogLocationWrite) (*CatalogLocation, error) {
	var location CatalogLocation
	err := c.do(ctx, call{
		method: http.MethodPost, path: locationsPath(workspace), body: write, repeatable: true,
		header: http.Header{"Idempotency-Key": {key}}, wait: time.Duration(write.WaitSeconds) * time.Second,
	}, &location)
	if err != nil {
		return nil, err
	}
	return &location, nil
}

// GetCatalogLocation reads a registered location.
func (c *Client) GetCatalogLocation(ctx context.Context, workspace, id string) (*CatalogLocation, error) {
	var location CatalogLocation
	err := c.do(ctx, call{method: http.MethodGet, path: locationsPath(workspace) + "/" + segment(id), repeatable: true}, &location)
	if err != nil {
		return nil, err
	}
	return &location, nil
}

// ListCatalogLocations returns all registered locations of an instance, by target.
func (c *Client) ListCatalogLocations(ctx context.Context, workspace string) ([]CatalogLocation, error) {
	var page Page[CatalogLocation]
	if err := c.do(ctx, call{method: http.MethodGet, path: locationsPath(workspace), repeatable: true}, &page); err != nil {
		return nil, err
	}
	return page.Items, nil
}

// DeleteCatalogLocation removes a registered location, and with it the entities that it alone produced.
func (c *Client) DeleteCatalogLocation(ctx context.Context, workspace, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: locationsPath(workspace) + "/" + segment(id), repeatable: true}, nil)
}

// EntityQuery selects entities of a catalog.
type EntityQuery struct {
	// Filters are sets of conditions in the catalog's own syntax, "kind=component,spec.type=service" for example: all
	// conditions of one have to hold, and one of the filters has to.
	Filters []string
	// Fields are the parts that are wanted, "metadata.name" for example; none means all.
	Fields []string
	PageOptions
}

// Entity is an entity as the catalog has it.
type Entity = json.RawMessage

// ListCatalogEntities returns one page of the entities of an instance's catalog.
func (c *Client) ListCatalogEntities(ctx context.Context, workspace string, query EntityQuery) (*Page[Entity], error) {
	values := query.query()
	values["filter"] = query.Filters
	values["field"] = query.Fields
	var page Page[Entity]
	err := c.do(ctx, call{
		method: http.MethodGet, path: instancePath(workspace) + "/catalog/entities", query: values, repeatable: true,
	}, &page)
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// CatalogRefresh is the body of POST …/catalog/refresh.
type CatalogRefresh struct {
	// EntityRef names the entity that the catalog is to read again: kind:namespace/name.
	EntityRef string `json:"entity_ref" doc:"The entity that is to be read again: kind:namespace/name." example:"component:default/payments"`
}

// RefreshCatalog has the instance's catalog read an entity again from where it comes. It answers when that is scheduled.
func (c *Client) RefreshCatalog(ctx context.Context, workspace string, refresh CatalogRefresh) error {
	return c.do(ctx, call{
		method: http.MethodPost, path: instancePath(workspace) + "/catalog/refresh", body: refresh, repeatable: true,
	}, nil)
}

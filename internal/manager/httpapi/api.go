// Package httpapi is orbitd's HTTP API: it turns requests into calls and errors into problem documents. The OpenAPI
// document comes from the same code.
package httpapi

//go:generate sh -c "go run ../../../cmd/orbitd openapi > ../../../docs/openapi.json"

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/admission"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Writer accepts or refuses what users declare.
type Writer interface {
	PutInstance(ctx context.Context, workspace string, write orbit.InstanceWrite, p Precondition) (orbit.Change, error)
	DeleteInstance(ctx context.Context, workspace string, p Precondition) (orbit.Change, error)
	// Restart asks for a restart; a retry with the same key gets the first answer.
	Restart(ctx context.Context, workspace, idempotencyKey string, ask orbit.RestartRequest) (orbit.Change, error)
	PutPlugin(ctx context.Context, workspace, name string, write orbit.PluginWrite, p Precondition) (orbit.Change, error)
	DeletePlugin(ctx context.Context, workspace, name string, p Precondition) (orbit.Change, error)
	Plan(ctx context.Context, workspace string, request orbit.PlanRequest) (orbit.PlanResult, error)
}

// Reader knows what is declared and what is observed.
type Reader interface {
	Instance(ctx context.Context, workspace string) (orbit.Instance, error)
	InstanceWithPlugins(ctx context.Context, workspace string) (orbit.Instance, error)
	// Instances returns a page, which may have fewer items than its limit although there is a next one.
	Instances(ctx context.Context, query orbit.InstanceQuery) (orbit.Page[orbit.Instance], error)
	Plugin(ctx context.Context, workspace, name string) (orbit.Plugin, error)
	Plugins(ctx context.Context, workspace, after string, limit int) ([]orbit.Plugin, error)
	// Change returns a change when its fate is known or ctx is done, whichever comes first.
	Change(ctx context.Context, id string) (orbit.Change, error)
	// Changes returns those whose id is below before, newest first; "" is all.
	Changes(ctx context.Context, workspace, before string, limit int) ([]orbit.Change, error)
	Events(ctx context.Context, workspace string, after int64, limit int) ([]orbit.Event, error)
	Logs(ctx context.Context, workspace string, lines int) ([]string, error)
	// Retained is what is kept of the instance's data beside its live database.
	Retained(ctx context.Context, workspace string) (orbit.Retained, error)
	Releases() []orbit.Release
	// Package tells about an npm package. An *orbit.Problem says why that cannot be told.
	Package(ctx context.Context, name string, question orbit.PackageQuestion) (orbit.Package, error)
}

// Access hands out tokens for the APIs of instances.
type Access interface {
	Create(ctx context.Context, workspace string, write orbit.AccessTokenWrite) (orbit.AccessToken, error)
	Renew(ctx context.Context, workspace, id string, write orbit.AccessTokenWrite) (orbit.AccessToken, error)
	Revoke(ctx context.Context, workspace, id string) error
}

// Catalog asks the catalogs of instances.
type Catalog interface {
	// CreateLocation registers a location; a retry with the same key gets what the first attempt registered.
	CreateLocation(ctx context.Context, workspace, idempotencyKey string, write orbit.CatalogLocationWrite) (orbit.CatalogLocation, error)
	Locations(ctx context.Context, workspace string) ([]orbit.CatalogLocation, error)
	Location(ctx context.Context, workspace, id string) (orbit.CatalogLocation, error)
	DeleteLocation(ctx context.Context, workspace, id string) error
	Entities(ctx context.Context, workspace string, query orbit.EntityQuery) (orbit.Page[orbit.Entity], error)
	Refresh(ctx context.Context, workspace, entityRef string) error
}

// Precondition is what a write says about the version it means to change.
type Precondition = admission.Precondition

// Options are what the API is made from.
type Options struct {
	Writer  Writer
	Reader  Reader
	Tokens  Tokens
	Audit   AuditLog
	Access  Access
	Catalog Catalog
	// Auth tells who signs in.
	Auth   auth.Authenticator
	Logger *slog.Logger
}

// api is what the handlers share.
type api struct {
	huma    huma.API
	writer  Writer
	reader  Reader
	tokens  Tokens
	audit   AuditLog
	access  Access
	catalog Catalog
	logger  *slog.Logger
}

// New returns the handler of all of the API's routes.
func New(o Options) http.Handler {
	mux := http.NewServeMux()
	register(mux, o)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, http.StatusNotFound, orbit.CodeNoRoute, "No such route",
			"GET /openapi.json describes the API")
	})
	return requestID(authenticate(o.Auth, o.Logger, logged(o.Logger, mux)))
}

// Version is the API's version in its paths.
const Version = "v1"

// OpenAPI returns the OpenAPI 3.1 document as JSON.
func OpenAPI() ([]byte, error) {
	return register(http.NewServeMux(), Options{Logger: slog.New(slog.DiscardHandler)}).OpenAPI().MarshalJSON()
}

func register(mux *http.ServeMux, o Options) huma.API {
	config := huma.DefaultConfig("Orbit instance manager", Version)
	config.Info.Description = "Runs one Backstage per workspace. Writes answer 202 with a change, whose fate " +
		"GET /v1/changes/{id} tells. Errors are RFC 9457 problems with a stable code."
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	config.Formats = textFormats()
	config.Transformers = []huma.Transformer{addRequestID, noteAnswer}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "The token that orbitd wrote at its first start, or one that was made with it."},
	}
	config.Security = []map[string][]string{{"token": {}}}
	a := &api{
		huma: humago.New(mux, config), writer: o.Writer, reader: Own(o.Reader), tokens: o.Tokens, audit: o.Audit,
		access: o.Access, catalog: o.Catalog, logger: o.Logger,
	}
	a.instances()
	a.plugins()
	a.changes()
	a.observations()
	a.packages()
	a.tokenRoutes()
	a.auditRoutes()
	a.accessTokens()
	a.locations()
	a.entities()
	return a.huma
}

// maxBody bounds a request's body, in bytes: room for an instance's document and those of its plugins, each of which has a
// bound of its own that is told with the document's name.
const maxBody = 4 * appconfig.MaxSize

// route registers a handler whose errors become problems. Its operation has a line in permissions.
func route[I, O any](a *api, operation huma.Operation, handler func(context.Context, *I) (*O, error)) {
	needs := permissionOf(&operation)
	operation.MaxBodyBytes = maxBody
	operation.Errors = append(operation.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusInternalServerError)
	if isWrite(&operation) {
		operation.Errors = append(operation.Errors, http.StatusServiceUnavailable)
		operation.Middlewares = append(operation.Middlewares, a.audited)
	}
	operation.Middlewares = append(operation.Middlewares, a.permitted(needs), a.onlyText)
	huma.Register(a.huma, operation, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, operation.Summary, err)
		}
		return out, nil
	})
}

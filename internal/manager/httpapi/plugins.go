package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// PluginPath names a plugin; the package is one percent-encoded segment, as npm has it.
type PluginPath struct {
	WorkspacePath
	Package string `path:"package" doc:"The npm package name, percent-encoded." example:"@roadiehq%2Fbackstage-plugin-argo-cd-backend"`
}

func (a *api) plugins() {
	tags := []string{"plugins"}
	const path = "/v1/instances/{workspace}/plugins/{package}"
	route(a, huma.Operation{
		OperationID: "listPlugins", Method: http.MethodGet, Path: "/v1/instances/{workspace}/plugins", Tags: tags,
		Summary: "List plugins", Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		PageQuery
	}) (*struct{ Body orbit.Page[orbit.Plugin] }, error) {
		plugins, err := a.reader.Plugins(ctx, in.Workspace, in.Cursor, in.Limit+1)
		if err != nil {
			return nil, err
		}
		page := pageOf(plugins, in.Limit, func(p orbit.Plugin) string { return p.Package })
		return &struct{ Body orbit.Page[orbit.Plugin] }{page}, nil
	})
	route(a, huma.Operation{
		OperationID: "getPlugin", Method: http.MethodGet, Path: path, Tags: tags,
		Summary: "Read plugin", Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *PluginPath) (*struct {
		ETag string `header:"ETag"`
		Body orbit.Plugin
	}, error) {
		plugin, err := a.reader.Plugin(ctx, in.Workspace, in.Package)
		if err != nil {
			return nil, err
		}
		return &struct {
			ETag string `header:"ETag"`
			Body orbit.Plugin
		}{etag(plugin.ETag), plugin}, nil
	})
	route(a, huma.Operation{
		OperationID: "putPlugin", Method: http.MethodPut, Path: path, Tags: tags,
		Summary: "Create or update plugin", DefaultStatus: http.StatusAccepted,
		Errors: []int{
			http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired,
		},
	}, func(ctx context.Context, in *struct {
		PluginPath
		Preconditions
		Body orbit.PluginWrite
	}) (*accepted, error) {
		change, err := a.writer.PutPlugin(ctx, in.Workspace, in.Package, in.Body, in.precondition())
		return accept(ctx, change, err)
	})
	route(a, huma.Operation{
		OperationID: "deletePlugin", Method: http.MethodDelete, Path: path, Tags: tags,
		Summary: "Delete plugin", DefaultStatus: http.StatusAccepted,
		Description: "Answers when the removal is recorded; the instance is rolled out without the plugin a moment later.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
	}, func(ctx context.Context, in *struct {
		PluginPath
		Preconditions
	}) (*accepted, error) {
		change, err := a.writer.DeletePlugin(ctx, in.Workspace, in.Package, in.precondition())
		return accept(ctx, change, err)
	})
}

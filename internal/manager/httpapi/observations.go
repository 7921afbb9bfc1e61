package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func (a *api) observations() {
	tags := []string{"observations"}
	route(a, huma.Operation{
		OperationID: "listEvents", Method: http.MethodGet, Path: "/v1/instances/{workspace}/events", Tags: tags,
		Summary: "List events", Description: "Oldest first. The events of a deleted instance stay for 7 days.",
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		PageQuery
	}) (*struct{ Body orbit.Page[orbit.Event] }, error) {
		after, err := in.number(0)
		if err != nil {
			return nil, err
		}
		events, err := a.reader.Events(ctx, in.Workspace, after, in.Limit+1)
		if err != nil {
			return nil, err
		}
		page := pageOf(events, in.Limit, func(e orbit.Event) string { return strconv.FormatInt(e.ID, 10) })
		return &struct{ Body orbit.Page[orbit.Event] }{page}, nil
	})
	route(a, huma.Operation{
		OperationID: "readLogs", Method: http.MethodGet, Path: "/v1/instances/{workspace}/logs", Tags: tags,
		Summary: "Read logs", Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		Lines int `query:"lines" minimum:"1" maximum:"5000" default:"200" doc:"At most so many of the newest lines."`
	}) (*struct{ Body orbit.Logs }, error) {
		lines, err := a.reader.Logs(ctx, in.Workspace, in.Lines)
		if err != nil {
			return nil, err
		}
		if lines == nil {
			lines = []string{}
		}
		return &struct{ Body orbit.Logs }{orbit.Logs{Lines: lines}}, nil
	})
	route(a, huma.Operation{
		OperationID: "getRetained", Method: http.MethodGet, Path: "/v1/instances/{workspace}/retained", Tags: tags,
		Summary: "Read retained data", Errors: []int{http.StatusNotFound},
		Description: "What is kept of an instance's data beside its live database, and until when: clones from before " +
			"upgrades, for 24 hours, and the schemas of removed plugins, for 7 days.",
	}, func(ctx context.Context, in *WorkspacePath) (*struct{ Body orbit.Retained }, error) {
		retained, err := a.reader.Retained(ctx, in.Workspace)
		if err != nil {
			return nil, err
		}
		return &struct{ Body orbit.Retained }{retained}, nil
	})
	route(a, huma.Operation{
		OperationID: "listReleases", Method: http.MethodGet, Path: "/v1/releases", Tags: tags,
		Summary: "List releases",
	}, func(_ context.Context, _ *struct{}) (*struct{ Body orbit.Page[orbit.Release] }, error) {
		return &struct{ Body orbit.Page[orbit.Release] }{orbit.Page[orbit.Release]{Items: a.reader.Releases()}}, nil
	})
}

package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// WorkspacePath is the path's workspace (huma fills embedded parameters only where their type is exported). What makes a good name is admission's to say, in words.
type WorkspacePath struct {
	Workspace string `path:"workspace" doc:"The workspace." example:"acme"`
}

// Preconditions are the headers that say which version a write means to change.
type Preconditions struct {
	IfMatch        string `header:"If-Match" doc:"The ETag of the version to change."`
	IfNoneMatch    string `header:"If-None-Match" doc:"* when the object must not exist yet."`
	IdempotencyKey string `header:"Idempotency-Key" doc:"With If-None-Match: a retry with the same key gets the first answer." maxLength:"128"`
}

func (p Preconditions) precondition() Precondition {
	return Precondition{Tag: tagOf(p.IfMatch), MustNotExist: p.IfNoneMatch == "*", IdempotencyKey: p.IdempotencyKey}
}

// accepted is the answer of every write.
type accepted struct {
	Location string `header:"Location" doc:"Where the change's fate is told."`
	Body     orbit.Change
}

func accept(ctx context.Context, change orbit.Change, err error) (*accepted, error) {
	if err != nil {
		return nil, err
	}
	change.RequestID = requestIDFrom(ctx)
	return &accepted{Location: "/v1/changes/" + change.ID, Body: change}, nil
}

// PageQuery is where a list starts and how long it is.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"At most so many items."`
	Cursor string `query:"cursor" doc:"The next of the page before."`
}

// number is the cursor of a list whose items are numbered, first where there is none.
func (q PageQuery) number(first int64) (int64, error) {
	if q.Cursor == "" {
		return first, nil
	}
	number, err := strconv.ParseInt(q.Cursor, 10, 64)
	if err != nil {
		return 0, &orbit.Problem{
			Code: orbit.CodeInvalidRequest, Title: "Not a cursor",
			Detail: fmt.Sprintf("cursor is %q; use the next of the page before", q.Cursor),
		}
	}
	return number, nil
}

// pageOf makes a page of at most limit items from a list that was asked for one more.
func pageOf[T any](items []T, limit int, cursor func(T) string) orbit.Page[T] {
	page := orbit.Page[T]{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.Next = cursor(items[limit-1])
	}
	if page.Items == nil {
		page.Items = []T{}
	}
	return page
}

type instanceOutput struct {
	ETag string `header:"ETag"`
	Body orbit.Instance
}

func (a *api) instances() {
	tags := []string{"instances"}
	route(a, huma.Operation{
		OperationID: "listInstances", Method: http.MethodGet, Path: "/v1/instances", Tags: tags, Summary: "List instances",
		Description: "By workspace. A page may have fewer items than its limit, or none, although it has a next.",
	}, func(ctx context.Context, in *struct {
		PageQuery
		InstanceFilter
	}) (*struct{ Body orbit.Page[orbit.Instance] }, error) {
		labels, err := in.labels()
		if err != nil {
			return nil, err
		}
		page, err := a.reader.Instances(ctx, orbit.InstanceQuery{
			Labels: labels, Phase: in.Phase, PageOptions: orbit.PageOptions{Limit: in.Limit, Cursor: in.Cursor},
		})
		return &struct{ Body orbit.Page[orbit.Instance] }{page}, err
	})
	route(a, huma.Operation{
		OperationID: "getInstance", Method: http.MethodGet, Path: "/v1/instances/{workspace}", Tags: tags,
		Summary: "Read instance", Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		Include string `query:"include" enum:"plugins" doc:"plugins answers all_plugins as well, as they are at the same moment."`
	}) (*instanceOutput, error) {
		read := a.reader.Instance
		if in.Include != "" {
			read = a.reader.InstanceWithPlugins
		}
		instance, err := read(ctx, in.Workspace)
		if err != nil {
			return nil, err
		}
		return &instanceOutput{ETag: etag(instance.ETag), Body: instance}, nil
	})
	route(a, huma.Operation{
		OperationID: "putInstance", Method: http.MethodPut, Path: "/v1/instances/{workspace}", Tags: tags,
		Summary: "Create or update instance", DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		Preconditions
		Body orbit.InstanceWrite
	}) (*accepted, error) {
		change, err := a.writer.PutInstance(ctx, in.Workspace, in.Body, in.precondition())
		return accept(ctx, change, err)
	})
	route(a, huma.Operation{
		OperationID: "deleteInstance", Method: http.MethodDelete, Path: "/v1/instances/{workspace}", Tags: tags,
		Summary: "Delete instance", DefaultStatus: http.StatusAccepted,
		Description: "Stops the instance and drops its database. An instance with deletion_protection refuses.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		Preconditions
	}) (*accepted, error) {
		change, err := a.writer.DeleteInstance(ctx, in.Workspace, in.precondition())
		return accept(ctx, change, err)
	})
	route(a, huma.Operation{
		OperationID: "restartInstance", Method: http.MethodPost, Path: "/v1/instances/{workspace}/restart", Tags: tags,
		Summary: "Restart instance", DefaultStatus: http.StatusAccepted,
		Description: "Replaces the instance's process without dropping a request, with all that is stored and waits for a " +
			"restart, whatever its restart_policy.",
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		IdempotencyKey string `header:"Idempotency-Key" doc:"A retry with the same key gets the first answer." maxLength:"128"`
		Body           *orbit.RestartRequest
	}) (*accepted, error) {
		var ask orbit.RestartRequest
		if in.Body != nil {
			ask = *in.Body
		}
		change, err := a.writer.Restart(ctx, in.Workspace, in.IdempotencyKey, ask)
		return accept(ctx, change, err)
	})
	route(a, huma.Operation{
		OperationID: planChange, Method: http.MethodPost, Path: "/v1/instances/{workspace}/plan", Tags: tags,
		Summary: "Plan change",
		Description: "What a write would cost now and what is wrong with it. Changes nothing; the workspace need not exist. A " +
			"version range is resolved, and the write gets the same exact version.",
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		Body orbit.PlanRequest
	}) (*struct{ Body orbit.PlanResult }, error) {
		result, err := a.writer.Plan(ctx, in.Workspace, in.Body)
		return &struct{ Body orbit.PlanResult }{result}, err
	})
}

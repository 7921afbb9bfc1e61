package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxWait bounds a long poll.
const maxWait = 5 * time.Minute

func (a *api) changes() {
	route(a, huma.Operation{
		OperationID: "getChange", Method: http.MethodGet, Path: "/v1/changes/{id}", Tags: []string{"changes"},
		Summary:     "Read change",
		Description: "Tells a change's fate. With wait, answers when the fate is known or the time is over, whichever comes first.",
		Errors:      []int{http.StatusNotFound},
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id" doc:"The change's id."`
		Wait string `query:"wait" doc:"How long to wait for the change's fate, as 60s; at most 5m." example:"60s"`
	}) (*struct{ Body orbit.Change }, error) {
		wait, err := parseWait(in.Wait)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		change, err := a.reader.Change(ctx, in.ID)
		return &struct{ Body orbit.Change }{change}, err
	})
	route(a, huma.Operation{
		OperationID: "listChanges", Method: http.MethodGet, Path: "/v1/instances/{workspace}/changes", Tags: []string{"changes"},
		Summary: "List changes", Description: "Newest first. They stay for 7 days after their fate is known, those of a deleted instance too.",
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		PageQuery
	}) (*struct{ Body orbit.Page[orbit.Change] }, error) {
		changes, err := a.reader.Changes(ctx, in.Workspace, in.Cursor, in.Limit+1)
		if err != nil {
			return nil, err
		}
		page := pageOf(changes, in.Limit, func(c orbit.Change) string { return c.ID })
		return &struct{ Body orbit.Page[orbit.Change] }{page}, nil
	})
}

func parseWait(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 {
		return 0, &orbit.Problem{
			Code: orbit.CodeInvalidRequest, Title: "Not a duration",
			Detail: fmt.Sprintf("wait is %q; write it as 60s or 2m", text),
		}
	}
	return min(wait, maxWait), nil
}

package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// AccessTokenPath names an access token.
type AccessTokenPath struct {
	WorkspacePath
	ID string `path:"id" doc:"The token's id."`
}

// accessToken is the answer that has a token in it: nobody on its way may keep it.
type accessToken struct {
	CacheControl string `header:"Cache-Control"`
	Body         orbit.AccessToken
}

func (a *api) accessTokens() {
	tags := []string{"access"}
	const path = "/v1/instances/{workspace}/access-tokens"
	answer := func(token orbit.AccessToken, err error) (*accessToken, error) {
		if err != nil {
			return nil, err
		}
		return &accessToken{CacheControl: "no-store", Body: token}, nil
	}
	route(a, huma.Operation{
		OperationID: "createAccessToken", Method: http.MethodPost, Path: path, Tags: tags,
		Summary: "Create access token", DefaultStatus: http.StatusCreated,
		Description: "Makes a short-lived token for the API of the workspace's Backstage itself. The gateway takes it as " +
			"Authorization: Bearer, under the instance's URL; Backstage sees a service and no user.",
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		Body *orbit.AccessTokenWrite
	}) (*accessToken, error) {
		return answer(a.access.Create(ctx, in.Workspace, given(in.Body)))
	})
	route(a, huma.Operation{
		OperationID: "renewAccessToken", Method: http.MethodPost, Path: path + "/{id}/renew", Tags: tags,
		Summary:     "Renew access token",
		Description: "Makes a token last longer, never beyond renewable_until. One that has ended is not found.",
		Errors:      []int{http.StatusNotFound},
	}, func(ctx context.Context, in *struct {
		AccessTokenPath
		Body *orbit.AccessTokenWrite
	}) (*accessToken, error) {
		return answer(a.access.Renew(ctx, in.Workspace, in.ID, given(in.Body)))
	})
	route(a, huma.Operation{
		OperationID: "revokeAccessToken", Method: http.MethodDelete, Path: path + "/{id}", Tags: tags,
		Summary: "Revoke access token", DefaultStatus: http.StatusNoContent,
		Description: "Ends a token at once.", Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *AccessTokenPath) (*struct{}, error) {
		return nil, a.access.Revoke(ctx, in.Workspace, in.ID)
	})
}

// given is a body that may be left out.
func given[T any](body *T) T {
	if body == nil {
		var none T
		return none
	}
	return *body
}

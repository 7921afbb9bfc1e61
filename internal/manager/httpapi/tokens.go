package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Tokens gives out and revokes tokens of the API, on behalf of the context's principal. The workspace "" is all: a new token
// is of all then, and a stored one may be of any.
type Tokens interface {
	// Create makes a token. A retry with the same key makes its secret anew.
	Create(ctx context.Context, workspace string, write orbit.TokenWrite, idempotencyKey string) (orbit.Token, error)
	Get(ctx context.Context, workspace, id string) (orbit.Token, error)
	List(ctx context.Context, workspace, after string, limit int) ([]orbit.Token, error)
	Patch(ctx context.Context, workspace, id string, patch orbit.TokenPatch) (orbit.Token, error)
	// Revoke ends a token at once, and returns it as it was.
	Revoke(ctx context.Context, workspace, id string) (orbit.Token, error)
}

// TokenPath names a token.
type TokenPath struct {
	ID string `path:"id" doc:"The token's id." example:"01a2052c-8088-7446-835b-92b86c5bc14a"`
}

// TokenKey makes the creation of a token one that can be tried again.
type TokenKey struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"A retry with the same key gets the same token with a new secret; the first secret is void." maxLength:"128"`
}

type (
	tokenAnswer struct{ Body orbit.Token }
	tokenPage   struct{ Body orbit.Page[orbit.Token] }
	nothing     struct{}
)

func (a *api) tokenRoutes() {
	a.tokensOfAll()
	a.tokensOfWorkspace()
}

// The operations on tokens, of all workspaces and of one.
func tokenOperation(operation huma.Operation) huma.Operation {
	operation.Tags = []string{"tokens"}
	switch operation.Method {
	case http.MethodPost:
		operation.DefaultStatus = http.StatusCreated
	case http.MethodDelete:
		operation.DefaultStatus = http.StatusNoContent
		operation.Description = "It is refused from the next request on."
	}
	return operation
}

func (a *api) tokensOfAll() {
	const list, one = "/v1/tokens", "/v1/tokens/{id}"
	route(a, tokenOperation(huma.Operation{
		OperationID: "createToken", Method: http.MethodPost, Path: list, Summary: "Create token",
		Description: "Makes a token of all workspaces. Its secret is in this answer alone.",
	}), func(ctx context.Context, in *struct {
		TokenKey
		Body orbit.TokenWrite
	}) (*tokenAnswer, error) {
		return answer(a.tokens.Create(ctx, "", in.Body, in.IdempotencyKey))
	})
	route(a, tokenOperation(huma.Operation{
		OperationID: "listTokens", Method: http.MethodGet, Path: list, Summary: "List tokens",
		Description: "Oldest first: those of all workspaces, and those of each.",
	}), func(ctx context.Context, in *PageQuery) (*tokenPage, error) { return a.listTokens(ctx, "", *in) })
	route(a, tokenOperation(huma.Operation{
		OperationID: "getToken", Method: http.MethodGet, Path: one, Summary: "Read token", Errors: []int{http.StatusNotFound},
	}), func(ctx context.Context, in *TokenPath) (*tokenAnswer, error) {
		return answer(a.tokens.Get(ctx, "", in.ID))
	})
	route(a, tokenOperation(huma.Operation{
		OperationID: "patchToken", Method: http.MethodPatch, Path: one, Summary: "Update token", Errors: []int{http.StatusNotFound},
	}), func(ctx context.Context, in *struct {
		TokenPath
		Body orbit.TokenPatch
	}) (*tokenAnswer, error) {
		return answer(a.tokens.Patch(ctx, "", in.ID, in.Body))
	})
	route(a, tokenOperation(huma.Operation{
		OperationID: "revokeToken", Method: http.MethodDelete, Path: one, Summary: "Revoke token", Errors: []int{http.StatusNotFound},
	}), func(ctx context.Context, in *TokenPath) (*nothing, error) { return a.revokeToken(ctx, "", in.ID) })
}

func (a *api) tokensOfWorkspace() {
	const list, one = "/v1/instances/{workspace}/tokens", "/v1/instances/{workspace}/tokens/{id}"
	type path struct {
		WorkspacePath
		TokenPath
	}
	route(a, tokenOperation(huma.Operation{
		OperationID: "createWorkspaceToken", Method: http.MethodPost, Path: list, Summary: "Create token of workspace",
		Description: "Makes a token limited to the workspace, which need not have an instance. Its secret is in this answer alone. " +
			"The token stays when the instance is deleted: whoever has it may create the instance again.",
	}), func(ctx context.Context, in *struct {
		WorkspacePath
		TokenKey
		Body orbit.TokenWrite
	}) (*tokenAnswer, error) {
		return answer(a.tokens.Create(ctx, in.Workspace, in.Body, in.IdempotencyKey))
	})
	route(a, tokenOperation(huma.Operation{
		OperationID: "listWorkspaceTokens", Method: http.MethodGet, Path: list, Summary: "List tokens of workspace", Description: "Oldest first.",
	}), func(ctx context.Context, in *struct {
		WorkspacePath
		PageQuery
	}) (*tokenPage, error) {
		return a.listTokens(ctx, in.Workspace, in.PageQuery)
	})
	route(a, tokenOperation(huma.Operation{
		OperationID: "getWorkspaceToken", Method: http.MethodGet, Path: one, Summary: "Read token of workspace",
		Errors: []int{http.StatusNotFound},
	}), func(ctx context.Context, in *path) (*tokenAnswer, error) {
		return answer(a.tokens.Get(ctx, in.Workspace, in.ID))
	})
	route(a, tokenOperation(huma.Operation{
		OperationID: "patchWorkspaceToken", Method: http.MethodPatch, Path: one, Summary: "Update token of workspace",
		Errors: []int{http.StatusNotFound},
	}), func(ctx context.Context, in *struct {
		WorkspacePath
		TokenPath
		Body orbit.TokenPatch
	}) (*tokenAnswer, error) {
		return answer(a.tokens.Patch(ctx, in.Workspace, in.ID, in.Body))
	})
	route(a, tokenOperation(huma.Operation{
		OperationID: "revokeWorkspaceToken", Method: http.MethodDelete, Path: one, Summary: "Revoke token of workspace",
		Errors: []int{http.StatusNotFound},
	}), func(ctx context.Context, in *path) (*nothing, error) {
		return a.revokeToken(ctx, in.Workspace, in.ID)
	})
}

func answer(token orbit.Token, err error) (*tokenAnswer, error) {
	return &tokenAnswer{token}, err
}

func (a *api) listTokens(ctx context.Context, workspace string, query PageQuery) (*tokenPage, error) {
	tokens, err := a.tokens.List(ctx, workspace, query.Cursor, query.Limit+1)
	if err != nil {
		return nil, err
	}
	return &tokenPage{pageOf(tokens, query.Limit, func(t orbit.Token) string { return t.ID })}, nil
}

func (a *api) revokeToken(ctx context.Context, workspace, id string) (*nothing, error) {
	revoked, err := a.tokens.Revoke(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	recordOf(ctx).Workspace = revoked.Workspace // the path may name none
	return nil, nil                             //nolint:nilnil // there is no content
}

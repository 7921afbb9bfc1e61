package orbit

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// Role says what whoever signs in to the API may do. A role is held for one workspace or, without one, for all.
type Role string

const (
	// RoleAdmin may do everything. It is never limited to a workspace.
	RoleAdmin Role = "admin"
	// RoleWorkspaceAdmin may do everything with one workspace: its instance, plugins, catalog and tokens.
	RoleWorkspaceAdmin Role = "workspace_admin"
	// RoleReader may read and plan, and changes nothing.
	RoleReader Role = "reader"
)

// Valid says whether r is one of the three roles.
func (r Role) Valid() bool { return r == RoleAdmin || r == RoleWorkspaceAdmin || r == RoleReader }

// Token is a bearer token of the API. It can be revoked at any time.
type Token struct {
	ID string `json:"id" doc:"Names the token; it is no secret."`
	// Workspace limits the token to one workspace; "" is all.
	Workspace   string    `json:"workspace,omitempty" doc:"The workspace that the token is limited to; absent: all."`
	Role        Role      `json:"role" enum:"admin,workspace_admin,reader" doc:"What it may do."`
	Description string    `json:"description,omitempty" doc:"What it is for, in the words of who made it."`
	CreatedAt   time.Time `json:"created_at"`
	CreatedBy   string    `json:"created_by" doc:"Who made it, as the audit log calls them."`
	// ExpiresAt is when the token ends by itself; nil is never.
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it ends by itself; absent: never."`
	// LastUsedAt is when it was last used, to within a few minutes; nil is never.
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"When it was last used, to within a few minutes; absent: never."`
	// Secret is the token itself. Only the answer that creates it has it.
	Secret string `json:"secret,omitempty" doc:"The token itself; only in the answer that creates it."`
}

// Expired says whether the token has ended by itself at that moment.
func (t *Token) Expired(now time.Time) bool { return t.ExpiresAt != nil && !now.Before(*t.ExpiresAt) }

// TokenWrite is the body of POST …/tokens.
type TokenWrite struct {
	Role        Role   `json:"role" enum:"admin,workspace_admin,reader" doc:"What the token may do. One of a workspace is workspace_admin or reader, one of all workspaces admin or reader."`
	Description string `json:"description,omitempty" maxLength:"200" doc:"What it is for."`
	// LifetimeSeconds is how long the token lasts; 0 is until it is revoked.
	LifetimeSeconds int64 `json:"lifetime_seconds,omitempty" minimum:"0" maximum:"315360000" doc:"Seconds until it ends by itself. 0: never."`
}

// TokenPatch is the body of PATCH …/tokens/{id}; what is absent stays as it is.
type TokenPatch struct {
	Role        *Role   `json:"role,omitempty" enum:"admin,workspace_admin,reader" doc:"What the token may do from now on."`
	Description *string `json:"description,omitempty" maxLength:"200" doc:"What it is for."`
}

// tokensPath is where a workspace's tokens are, or those of all workspaces for "".
func tokensPath(workspace string) string {
	if workspace == "" {
		return "/v1/tokens"
	}
	return instancePath(workspace) + "/tokens"
}

// CreateToken makes a token limited to the workspace, or one for all with "". The workspace need not have an instance.
// Its Secret is in this answer alone; a request that is repeated after a broken connection makes the secret anew, and the
// one that nobody saw is void.
func (c *Client) CreateToken(ctx context.Context, workspace string, write TokenWrite) (*Token, error) {
	var token Token
	err := c.do(ctx, call{
		method: http.MethodPost, path: tokensPath(workspace), body: write, repeatable: true,
		header: http.Header{"Idempotency-Key": {uuid.NewString()}},
	}, &token)
	if err != nil {
		return nil, err
	}
	return &token, nil
}

// GetToken reads what is known about a token of the workspace, or of all with "". Revoked ones are not found; expired ones
// are there for 7 days more.
func (c *Client) GetToken(ctx context.Context, workspace, id string) (*Token, error) {
	var token Token
	err := c.do(ctx, call{method: http.MethodGet, path: tokensPath(workspace) + "/" + segment(id), repeatable: true}, &token)
	if err != nil {
		return nil, err
	}
	return &token, nil
}

// ListTokens returns one page of the tokens limited to the workspace; with "" those of all workspaces and of each, which is
// an admin's to see.
func (c *Client) ListTokens(ctx context.Context, workspace string, options PageOptions) (*Page[Token], error) {
	var page Page[Token]
	err := c.do(ctx, call{method: http.MethodGet, path: tokensPath(workspace), query: options.query(), repeatable: true}, &page)
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// PatchToken changes a token's role or description. Its secret and its end stay.
func (c *Client) PatchToken(ctx context.Context, workspace, id string, patch TokenPatch) (*Token, error) {
	var token Token
	err := c.do(ctx, call{
		method: http.MethodPatch, path: tokensPath(workspace) + "/" + segment(id), body: patch, repeatable: true,
	}, &token)
	if err != nil {
		return nil, err
	}
	return &token, nil
}

// RevokeToken ends a token at once. IsNotFound on the error means that it is gone already.
func (c *Client) RevokeToken(ctx context.Context, workspace, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: tokensPath(workspace) + "/" + segment(id), repeatable: true}, nil)
}

const (
	// TokenPrefix begins every token that orbitd makes, so that whoever finds one knows what it opens.
	TokenPrefix = "orbit_"
	// AccessTokenPrefix begins the secret of every AccessToken.
	AccessTokenPrefix = TokenPrefix + "access_"
)

// AccessToken is a short-lived token for the API of a workspace's Backstage itself. The gateway takes it, under the
// instance's URL, as Authorization: Bearer; Backstage sees a service, external:orbit:<subject>, and no user.
type AccessToken struct {
	ID     string `json:"id" doc:"Names the token; it is no secret."`
	Secret string `json:"secret,omitempty" doc:"The token itself; only in the answer that creates it."`
	// ExpiresAt is when it ends unless it is renewed before.
	ExpiresAt time.Time `json:"expires_at" doc:"When it ends, unless it is renewed before."`
	// RenewableUntil is the end beyond which no renewal goes.
	RenewableUntil time.Time `json:"renewable_until" doc:"The end beyond which no renewal goes."`
	// APIURL is the base of the API that takes it.
	APIURL string `json:"api_url" doc:"Base of the API that takes it."`
}

// AccessTokenWrite is the body of POST …/access-tokens and of …/access-tokens/{id}/renew.
type AccessTokenWrite struct {
	// LifetimeSeconds is how long the token lasts from now on; 0 is DefaultAccessTokenLifetime.
	LifetimeSeconds int64 `json:"lifetime_seconds,omitempty" minimum:"0" maximum:"3600" doc:"Seconds until it ends, unless it is renewed. 0: 900."`
}

// Bounds of an AccessToken's life.
const (
	// DefaultAccessTokenLifetime is how long one lasts without being renewed, when nobody says otherwise.
	DefaultAccessTokenLifetime = 15 * time.Minute
	// MaxAccessTokenAge is how long one can be renewed.
	MaxAccessTokenAge = 24 * time.Hour
)

func accessTokensPath(workspace string) string { return instancePath(workspace) + "/access-tokens" }

// CreateAccessToken makes a token for the workspace's Backstage.
func (c *Client) CreateAccessToken(ctx context.Context, workspace string, write AccessTokenWrite) (*AccessToken, error) {
	return c.accessToken(ctx, accessTokensPath(workspace), write)
}

// RenewAccessToken makes a token last longer. One that has ended is not found.
func (c *Client) RenewAccessToken(ctx context.Context, workspace, id string, write AccessTokenWrite) (*AccessToken, error) {
	return c.accessToken(ctx, accessTokensPath(workspace)+"/"+segment(id)+"/renew", write)
}

// RevokeAccessToken ends a token at once. IsNotFound on the error means that it has ended already.
func (c *Client) RevokeAccessToken(ctx context.Context, workspace, id string) error {
	path := accessTokensPath(workspace) + "/" + segment(id)
	return c.do(ctx, call{method: http.MethodDelete, path: path, repeatable: true}, nil)
}

func (c *Client) accessToken(ctx context.Context, path string, write AccessTokenWrite) (*AccessToken, error) {
	var token AccessToken
	if err := c.do(ctx, call{method: http.MethodPost, path: path, body: write, repeatable: true}, &token); err != nil {
		return nil, err
	}
	return &token, nil
}

// AuditRecord is one write that somebody asked for, whatever became of it.
type AuditRecord struct {
	ID int64     `json:"id" doc:"Grows with time."`
	At time.Time `json:"at"`
	// Subject is who asked: "token:<id>", "root" for the token that orbitd made, or "<issuer>#<sub>".
	Subject string `json:"subject" doc:"Who asked: root for the token that orbitd made, token:<id>, or <issuer>#<sub>."`
	Role    Role   `json:"role,omitempty" doc:"The role it was asked with."`
	// Operation is the operation's id in the OpenAPI document, putInstance for example.
	Operation string `json:"operation" doc:"The operationId of the OpenAPI document, putInstance for example."`
	Workspace string `json:"workspace,omitempty"`
	// Object is the package, token or location within the workspace; "" is the instance itself.
	Object string `json:"object,omitempty" doc:"The package, token or location within the workspace; absent: the instance itself."`
	// Status is the HTTP status of the answer; 0 where orbitd ended before it had one.
	Status   int    `json:"status,omitempty" doc:"HTTP status of the answer; absent where orbitd ended before it had one."`
	Code     Code   `json:"code,omitempty" doc:"The problem's code, where it was refused."`
	ChangeID string `json:"change_id,omitempty" doc:"The change that it became."`
	// RequestID names the request in orbitd's log.
	RequestID string `json:"request_id" doc:"Names the request in orbitd's log."`
	Address   string `json:"address,omitempty" doc:"Where it came from, an IP address."`
}

// ListAudit returns one page of the writes that were asked for, newest first: of one workspace, or with "" of all.
func (c *Client) ListAudit(ctx context.Context, workspace string, options PageOptions) (*Page[AuditRecord], error) {
	path := "/v1/audit"
	if workspace != "" {
		path = instancePath(workspace) + "/audit"
	}
	var page Page[AuditRecord]
	if err := c.do(ctx, call{method: http.MethodGet, path: path, query: options.query(), repeatable: true}, &page); err != nil {
		return nil, err
	}
	return &page, nil
}

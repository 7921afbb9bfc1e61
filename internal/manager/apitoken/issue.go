package apitoken

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Create makes a token limited to the workspace, or with "" one of all. A retry with the same Idempotency-Key gets the same
// token with a new secret, and the first secret is void. An *orbit.Problem says why there is none.
func (t *Tokens) Create(ctx context.Context, workspace string, w orbit.TokenWrite, idempotencyKey string) (orbit.Token, error) {
	by := auth.FromContext(ctx)
	if err := mayGive(by, workspace, w.Role); err != nil {
		return orbit.Token{}, err
	}
	if workspace != "" {
		if wrong := declare.Workspace(workspace); len(wrong) > 0 {
			return orbit.Token{}, &orbit.Problem{Code: wrong[0].Code, Title: "Not a workspace", Detail: wrong[0].Message}
		}
	}
	secret := auth.NewSecret()
	digest := sha256.Sum256([]byte(secret))
	row, err := t.store.PutToken(ctx, store.Token{
		Token: orbit.Token{
			ID: uuid.Must(uuid.NewV7()).String(), Workspace: workspace, Role: w.Role, Description: w.Description, CreatedBy: by.Subject,
			ExpiresAt: expiry(time.Now(), w.LifetimeSeconds),
		},
		Digest: digest[:],
	}, idempotencyKey, requestHash(by.Subject, workspace, w))
	if errors.Is(err, store.ErrKeyReused) {
		return orbit.Token{}, &orbit.Problem{
			Code: orbit.CodeKeyReused, Title: "Idempotency-Key used twice",
			Detail: "an earlier request with this key asked for something else; make a new key for every request",
		}
	}
	if err != nil {
		return orbit.Token{}, err
	}
	t.forget(row.ID) // it may be an earlier one with a secret that is void now
	row.Secret = write(row.ID, secret)
	return row.Token, nil
}

// Get returns a token of the workspace, or with "" any; store.ErrNotFound where there is none.
func (t *Tokens) Get(ctx context.Context, workspace, id string) (orbit.Token, error) {
	row, err := t.store.Token(ctx, workspace, id)
	return row.Token, err
}

// List returns at most limit tokens whose id comes after the given one, oldest first: of the workspace, or with "" all.
func (t *Tokens) List(ctx context.Context, workspace, after string, limit int) ([]orbit.Token, error) {
	rows, err := t.store.Tokens(ctx, workspace, after, limit)
	tokens := make([]orbit.Token, len(rows))
	for i, row := range rows {
		tokens[i] = row.Token
	}
	return tokens, err
}

// Patch changes a token's role or description, with effect on its next use. An *orbit.Problem says why it does not.
func (t *Tokens) Patch(ctx context.Context, workspace, id string, patch orbit.TokenPatch) (orbit.Token, error) {
	before, err := t.store.Token(ctx, workspace, id)
	if err != nil {
		return orbit.Token{}, err
	}
	if patch.Role != nil {
		if err := mayGive(auth.FromContext(ctx), before.Workspace, *patch.Role); err != nil {
			return orbit.Token{}, err
		}
	}
	defer t.forget(id) // also where the answer was lost
	row, err := t.store.SetToken(ctx, id, patch)
	return row.Token, err
}

// Revoke ends a token of the workspace, or with "" any, at once, and returns it as it was; store.ErrNotFound where there is
// none any more.
func (t *Tokens) Revoke(ctx context.Context, workspace, id string) (orbit.Token, error) {
	defer t.forget(id) // also where the answer was lost
	row, err := t.store.DeleteToken(ctx, workspace, id)
	return row.Token, err
}

// mayGive says why the principal cannot give the role to a token of the workspace, or of all with "".
func mayGive(by auth.Principal, workspace string, role orbit.Role) error {
	switch {
	case !by.MayGive(role) || !by.Sees(workspace):
		return &orbit.Problem{
			Code: orbit.CodeForbidden, Title: "Not allowed", Pointer: "/role",
			Detail: fmt.Sprintf("nobody gives a token more than they may do themselves: the role %s is not for %s to give", role, by),
		}
	case workspace == "" && role == orbit.RoleWorkspaceAdmin:
		return notThisRole("a token of all workspaces is admin or reader; make one of a workspace for the role workspace_admin")
	case workspace != "" && role == orbit.RoleAdmin:
		return notThisRole("a token of one workspace is workspace_admin or reader: an admin is of all workspaces")
	default:
		return nil
	}
}

func notThisRole(detail string) error {
	return &orbit.Problem{Code: orbit.CodeInvalidRequest, Title: "Not a role of such a token", Pointer: "/role", Detail: detail}
}

// expiry is when a token ends that lasts so many seconds; 0 is for ever.
func expiry(now time.Time, seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	end := now.Add(time.Duration(seconds) * time.Second)
	return &end
}

// requestHash tells whether two requests ask for the same token.
func requestHash(subject, workspace string, w orbit.TokenWrite) string {
	content, err := json.Marshal([]any{subject, workspace, w})
	if err != nil {
		panic(err) // it is made of strings and a number
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

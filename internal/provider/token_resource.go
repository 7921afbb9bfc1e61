package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var (
	_ resource.ResourceWithConfigure    = (*tokenResource)(nil)
	_ resource.ResourceWithIdentity     = (*tokenResource)(nil)
	_ resource.ResourceWithImportState  = (*tokenResource)(nil)
	_ resource.ResourceWithUpgradeState = (*tokenResource)(nil)
)

// tokenResource is orbit_workspace_token.
type tokenResource struct {
	connected
}

func newTokenResource() resource.Resource { return &tokenResource{} }

// tokenUpgrades are those of its states.
var tokenUpgrades upgrades //nolint:gochecknoglobals // a table

func (r *tokenResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workspace_token"
}

func (r *tokenResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = tokenSchema(ctx)
}

func (r *tokenResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = tokenIdentitySchema()
}

func (r *tokenResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return tokenUpgrades.upgraders()
}

func (r *tokenResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.connect(req.ProviderData, &resp.Diagnostics)
}

func (r *tokenResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan tokenModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout, problems := plan.Timeouts.Create(ctx, tokenTimeout)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to create " + plan.name()
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	token, err := acceptWithin(ctx, timeout, func(ctx context.Context) (*orbit.Token, error) {
		return client.CreateToken(ctx, plan.Workspace.ValueString(), plan.write())
	})
	if err != nil {
		r.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	}
	plan.Token = types.StringNull()
	plan.adopt(token)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

func (r *tokenResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state tokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	// Also where nothing is left of the token: Terraform before 1.12 keeps no identity, and the framework wants one.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.conn.refreshed.Store(true)
	token, err := ask(ctx, r.conn, readPatience, func(ctx context.Context, client *orbit.Client) (*orbit.Token, error) {
		return client.GetToken(ctx, state.Workspace.ValueString(), state.TokenID.ValueString())
	})
	switch imported := state.CreatedAt.IsNull(); {
	case orbit.IsNotFound(err) && imported:
		resp.State.RemoveResource(ctx)
		return
	case orbit.IsNotFound(err):
		resp.Diagnostics.AddWarning(capital(state.name())+" is gone", "It was revoked behind Terraform's back"+
			endedBefore(state.ExpiresAt)+". The next apply makes another one.")
		resp.State.RemoveResource(ctx)
		return
	case outOfReach(err) && !imported:
		warnOfPlanWithout(err, &resp.Diagnostics)
		return
	case err != nil:
		r.reportError("Unable to read "+state.name(), err, nowhere, &resp.Diagnostics)
		return
	case token.Expired(time.Now()):
		resp.Diagnostics.AddWarning(capital(state.name())+" has expired", "It ended by itself at "+rfc3339(*token.ExpiresAt)+
			", at the end of its lifetime. The next apply makes another one; rotate_when_changed makes one in time.")
		resp.State.RemoveResource(ctx)
		return
	}
	state.adopt(token)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// endedBefore says that a token that is not found may have expired long ago.
func endedBefore(expiresAt types.String) string {
	at, err := time.Parse(time.RFC3339, expiresAt.ValueString())
	if err != nil || at.After(time.Now()) {
		return ""
	}
	return ", or ended by itself at " + expiresAt.ValueString()
}

func (r *tokenResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan tokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout, problems := plan.Timeouts.Update(ctx, tokenTimeout)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to update " + state.name()
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	if patch, changes := plan.patch(&state); changes {
		_, err := acceptWithin(ctx, timeout, func(ctx context.Context) (*orbit.Token, error) {
			return client.PatchToken(ctx, plan.Workspace.ValueString(), plan.TokenID.ValueString(), patch)
		})
		if orbit.IsNotFound(err) {
			resp.Diagnostics.AddError(summary, "It was revoked, or expired, since it was read. Plan again: the plan makes another one.")
			return
		}
		if err != nil {
			r.reportError(summary, err, nowhere, &resp.Diagnostics)
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

func (r *tokenResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state tokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, problems := state.Timeouts.Delete(ctx, tokenTimeout)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to delete " + state.name()
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	_, err := acceptWithin(ctx, timeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, client.RevokeToken(ctx, state.Workspace.ValueString(), state.TokenID.ValueString())
	})
	if err != nil && !orbit.IsNotFound(err) {
		r.reportError(summary, err, nowhere, &resp.Diagnostics)
	}
}

// ImportState takes "workspace/id".
func (r *tokenResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	workspace, id, _ := strings.Cut(req.ID, "/")
	if req.ID == "" {
		workspace = identityText(ctx, req.Identity, "workspace", &resp.Diagnostics)
		id = identityText(ctx, req.Identity, "token_id", &resp.Diagnostics)
	}
	findings := declare.Workspace(workspace)
	if id == "" || strings.Contains(id, "/") {
		findings = append(findings, orbit.Diagnostic{Message: "a token is imported by its id, not by the token itself"})
	}
	importAs(ctx, "The import id of a token is workspace/id, as the list of tokens has it: acme/01a2052c-8088-7446-835b-92b86c5bc14a.",
		map[string]string{"workspace": workspace, "token_id": id}, findings, resp)
}

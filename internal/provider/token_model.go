package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// tokenModel is orbit_workspace_token in configuration, plan and state.
type tokenModel struct {
	Workspace         types.String   `tfsdk:"workspace"`
	Role              types.String   `tfsdk:"role"`
	Description       types.String   `tfsdk:"description"`
	Lifetime          types.String   `tfsdk:"lifetime"`
	RotateWhenChanged types.Map      `tfsdk:"rotate_when_changed"`
	TokenID           types.String   `tfsdk:"token_id"`
	Token             types.String   `tfsdk:"token"`
	CreatedAt         types.String   `tfsdk:"created_at"`
	ExpiresAt         types.String   `tfsdk:"expires_at"`
	Timeouts          timeouts.Value `tfsdk:"timeouts"`
}

// tokenIdentity is the identity of orbit_workspace_token.
type tokenIdentity struct {
	Workspace types.String `tfsdk:"workspace"`
	TokenID   types.String `tfsdk:"token_id"`
}

func (m *tokenModel) identity() tokenIdentity { return tokenIdentity{m.Workspace, m.TokenID} }

// name is how messages call the token: "token 01a2 of acme", or before it has an id "the token of acme".
func (m *tokenModel) name() string {
	if m.TokenID.ValueString() == "" {
		return "the token of " + m.Workspace.ValueString()
	}
	return "token " + m.TokenID.ValueString() + " of " + m.Workspace.ValueString()
}

func (m *tokenModel) write() orbit.TokenWrite {
	return orbit.TokenWrite{
		Role: orbit.Role(m.Role.ValueString()), Description: m.Description.ValueString(),
		LifetimeSeconds: int64(lifetimeOf(m.Lifetime) / time.Second),
	}
}

// patch is what the model wants otherwise than before; changes is false where that is nothing.
func (m *tokenModel) patch(before *tokenModel) (patch orbit.TokenPatch, changes bool) {
	if !m.Role.Equal(before.Role) {
		role := orbit.Role(m.Role.ValueString())
		patch.Role = &role
	}
	if !m.Description.Equal(before.Description) {
		description := m.Description.ValueString()
		patch.Description = &description
	}
	return patch, patch != orbit.TokenPatch{}
}

// adopt takes over what orbitd has. The token itself is in its first answer alone.
func (m *tokenModel) adopt(token *orbit.Token) {
	if m.CreatedAt.ValueString() == "" && m.Lifetime.IsNull() && token.ExpiresAt != nil {
		// An imported one: what it was given, as it was told neither then nor now.
		m.Lifetime = types.StringValue(token.ExpiresAt.Sub(token.CreatedAt).Round(time.Second).String())
	}
	m.Role = types.StringValue(string(token.Role))
	m.Description = orNull(token.Description)
	m.TokenID = types.StringValue(token.ID)
	m.CreatedAt = types.StringValue(rfc3339(token.CreatedAt))
	m.ExpiresAt = types.StringNull()
	if token.ExpiresAt != nil {
		m.ExpiresAt = types.StringValue(rfc3339(*token.ExpiresAt))
	}
	if token.Secret != "" {
		m.Token = types.StringValue(token.Secret)
	}
}

func rfc3339(at time.Time) string { return at.UTC().Format(time.RFC3339) }

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// tokenTimeout is how long a write of a token may take, with its repetitions; orbitd answers at once.
	tokenTimeout = time.Minute
	// maxTokenLifetime is the longest that the API takes: ten years.
	maxTokenLifetime = 87600 * time.Hour
	// maxTokenDescription is the API's bound, in characters.
	maxTokenDescription = 200
)

func tokenSchema(ctx context.Context) schema.Schema {
	chosen := func(description string) schema.StringAttribute {
		return schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: description,
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		}
	}
	secret := chosen("The token itself. It stands in the state, readable by whoever can read that. It is told once, at create, so " +
		"it is null after an import. Where the run itself needs to reach the instance's own API, the ephemeral " +
		"`orbit_backstage_token` leaves nothing in the state.")
	secret.Sensitive = true
	return schema.Schema{
		Version: tokenUpgrades.version(),
		MarkdownDescription: "A token for orbitd's API that is limited to one workspace and a role, for a pipeline of the " +
			"workspace's own for example. Destroying it revokes it at once. The workspace needs no instance yet.\n\n" +
			"A token that expired or was revoked by somebody else is made anew by the next apply, and the plan says why.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The workspace that the token is limited to. Another one makes another token.",
				Validators:          []validator.String{finds(declare.Workspace)},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"role": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "What the token may do: `workspace_admin` everything with the workspace's instance, plugins, " +
					"catalog and tokens, `reader` read and plan. It can be changed, and holds at once.",
				Validators: []validator.String{stringvalidator.OneOf(string(orbit.RoleWorkspaceAdmin), string(orbit.RoleReader))},
			},
			"description": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "What the token is for, in at most 200 characters, for whoever reads the list of tokens.",
				Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, maxTokenDescription)},
			},
			"lifetime": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How long the token lasts, as `\"720h\"`, at most `\"87600h\"`. Another one makes another token. " +
					"Default: until it is revoked.",
				Validators:    []validator.String{lifetimeUpTo(maxTokenLifetime)},
				PlanModifiers: anotherLifetimeReplaces(),
			},
			"rotate_when_changed": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Any values whose change makes another token, `{ at = time_rotating.month.id }` for example. Giving " +
					"it for the first time, or taking it away, changes nothing. With `create_before_destroy` the old token is revoked " +
					"after the new one is in use.",
				PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplaceIf(bothGiven,
					"Other values than before make another token.", "Other values than before make another token.")},
			},
			"token_id":   chosen("Names the token in lists and in the audit log. It is no secret."),
			"token":      secret,
			"created_at": chosen("When it was made, in RFC 3339."),
			"expires_at": chosen("When it ends by itself, in RFC 3339; null for never."),
			"timeouts": standardTimeouts{
				create: standardTimeout{tokenTimeout, "orbitd to make the token"},
				update: standardTimeout{tokenTimeout, "orbitd to change it"},
				delete: standardTimeout{tokenTimeout, "orbitd to revoke it"},
			}.attribute(ctx, "How long to wait."),
		},
	}
}

// bothGiven replaces where there were values before and are now, which the framework found to differ.
func bothGiven(_ context.Context, req planmodifier.MapRequest, resp *mapplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = !req.StateValue.IsNull() && !req.PlanValue.IsNull()
}

func tokenIdentitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"workspace": identityschema.StringAttribute{RequiredForImport: true, Description: "The workspace."},
		"token_id":  identityschema.StringAttribute{RequiredForImport: true, Description: "The token's id, which is no secret."},
	}}
}

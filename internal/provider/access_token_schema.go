package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/ephemeral/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
)

const (
	// maxAccessTokenLifetime is the longest that the API takes at once; renewals go beyond it.
	maxAccessTokenLifetime = time.Hour
	// openTimeout is how long an instance that serves nothing yet is waited for.
	openTimeout = 2 * time.Minute
)

// accessTokenModel is the ephemeral resource orbit_backstage_token.
type accessTokenModel struct {
	Workspace types.String   `tfsdk:"workspace"`
	APIURL    types.String   `tfsdk:"api_url"`
	Lifetime  types.String   `tfsdk:"lifetime"`
	Token     types.String   `tfsdk:"token"`
	ExpiresAt types.String   `tfsdk:"expires_at"`
	Timeouts  timeouts.Value `tfsdk:"timeouts"`
}

func accessTokenSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A short-lived token for the API of a workspace's Backstage itself, to configure another provider in " +
			"the same run for example. It is in no plan and no state, lasts as long as the run needs it, for 24 hours at most, and " +
			"is revoked when that ends. Backstage sees a service, not a user.\n\n" +
			"For orbitd's own API there is the resource `orbit_workspace_token`.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The workspace whose instance takes the token; no other does.",
				Validators:          []validator.String{finds(declare.Workspace)},
			},
			"api_url": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Base of the API that takes the token. Where the same run makes the instance, give the instance's " +
					"`api_url` here: it is known once the instance is there, and Terraform waits with the token until then.",
			},
			"lifetime": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How long the token lasts unless it is renewed, which Terraform does while it runs: at most " +
					"`\"1h\"`. A run that is killed leaves a token that ends after this time. Default: `\"15m\"`.",
				Validators: []validator.String{lifetimeUpTo(maxAccessTokenLifetime)},
			},
			"token": schema.StringAttribute{
				Computed: true, Sensitive: true,
				MarkdownDescription: "The token, to be sent as `Authorization: Bearer`.",
			},
			"expires_at": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "When it ends, in RFC 3339, if it is not renewed.",
			},
			"timeouts": openTimeoutAttribute(ctx),
		},
	}
}

func openTimeoutAttribute(ctx context.Context) schema.Attribute {
	attribute := timeouts.AttributesWithOpts(ctx, timeouts.Opts{OpenDescription: standardTimeout{
		openTimeout, "an instance that serves nothing just now",
	}.description()})
	nested, ok := attribute.(schema.SingleNestedAttribute)
	if !ok {
		return attribute
	}
	nested.MarkdownDescription = "How long to wait."
	if open, ok := nested.Attributes["open"].(schema.StringAttribute); ok {
		open.Validators = append(open.Validators, positive{})
		nested.Attributes["open"] = open
	}
	return nested
}

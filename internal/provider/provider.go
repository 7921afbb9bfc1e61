package provider

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Address is where the provider is published.
const Address = "registry.terraform.io/orbit-idp/orbit"

// The environment's twins of the provider block.
const (
	envEndpoint  = "ORBIT_ENDPOINT"
	envToken     = "ORBIT_TOKEN"
	envTokenFile = "ORBIT_TOKEN_FILE" //nolint:gosec // a variable's name, not a credential
)

// New returns what Terraform's plugin server makes the provider with.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &orbitProvider{version: version} }
}

var (
	_ provider.ProviderWithActions            = (*orbitProvider)(nil)
	_ provider.ProviderWithFunctions          = (*orbitProvider)(nil)
	_ provider.ProviderWithListResources      = (*orbitProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*orbitProvider)(nil)
)

type orbitProvider struct {
	version string
}

type providerModel struct {
	Endpoint  types.String `tfsdk:"endpoint"`
	Token     types.String `tfsdk:"token"`
	TokenFile types.String `tfsdk:"token_file"`
}

func (p *orbitProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "orbit"
	resp.Version = p.version
}

func (p *orbitProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Runs a Backstage of its own for every workspace, through the instance manager `orbitd`. " +
			"Every plan tells what a change costs: nothing, a live update, or a restart.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Base URL of orbitd's API. Default: `" + envEndpoint + "` of the environment, else `" +
					orbit.DefaultEndpoint + "`.",
			},
			"token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Bearer token for orbitd. Prefer `token_file` or the environment (`" + envToken +
					"`, `" + envTokenFile + "`), so that it stands in no configuration.",
				Validators: []validator.String{
					stringvalidator.LengthAtLeast(1),
					stringvalidator.ConflictsWith(path.MatchRoot("token_file")),
				},
			},
			"token_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "File with the bearer token, such as the one orbitd makes at its first start. It is " +
					"read when it is needed, so it may be written by the same run. Default: `" + envTokenFile +
					"` of the environment.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
		},
	}
}

// Configure only remembers what was configured: nothing is read, and nobody is asked, until a resource needs orbitd.
func (p *orbitProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	conn := &connection{
		unknown:   model.Endpoint.IsUnknown() || model.Token.IsUnknown() || model.TokenFile.IsUnknown(),
		endpoint:  model.Endpoint.ValueString(),
		token:     model.Token.ValueString(),
		tokenFile: model.TokenFile.ValueString(),
		userAgent: userAgent(p.version, req.TerraformVersion, os.Getenv("TF_APPEND_USER_AGENT")),
	}
	if conn.unknown && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
	}
	if !conn.unknown {
		conn.defaultsFrom(os.Getenv)
		if err := orbit.ValidateEndpoint(conn.endpoint); err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("endpoint"), "Invalid endpoint of orbitd", err.Error())
			return
		}
	}
	resp.ResourceData = conn
	resp.DataSourceData = conn
	resp.ActionData = conn
	resp.ListResourceData = conn
	resp.EphemeralResourceData = conn
}

func (p *orbitProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newInstanceResource, newPluginResource, newLocationResource, newTokenResource}
}

func (p *orbitProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newAccessTokenEphemeral}
}

func (p *orbitProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newInstanceDataSource, newInstancesDataSource, newPackageDataSource, newReleaseDataSource, newReleasesDataSource,
		newEntitiesDataSource,
	}
}

// Actions are what is done once, when it is asked for, and declares nothing.
func (p *orbitProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newRestartAction, newRefreshAction}
}

// ListResources are what terraform query finds.
func (p *orbitProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newInstanceList, newPluginList, newLocationList}
}

func userAgent(version, terraform, appended string) string {
	agent := "terraform-provider-orbit/" + version + " (+https://" + Address + ") Terraform/" + terraform
	if appended != "" {
		agent += " " + appended
	}
	return agent
}

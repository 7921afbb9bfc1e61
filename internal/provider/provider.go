package provider

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Address is where the provider is published.
const Address = "registry.terraform.io/orbit-idp/orbit"

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

func (p *orbitProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "orbit"
	resp.Version = p.version
}

func (p *orbitProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

// Configure only remembers what was configured: nothing is read, and nobody is asked, until a resource needs orbitd.
func (p *orbitProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	conn := &connection{
		unknown:       model.unreachable(),
		defaultLabels: model.defaultLabels(os.Getenv, &resp.Diagnostics),
		userAgent:     userAgent(p.version, req.TerraformVersion, os.Getenv("TF_APPEND_USER_AGENT")),
	}
	if conn.unknown && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
	}
	if !conn.unknown {
		model.connect(conn, os.Getenv, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
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

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ action.ActionWithConfigure = (*refreshAction)(nil)

// refreshAttributes are the arguments that a problem is about.
var refreshAttributes = map[orbit.Code]string{ //nolint:gochecknoglobals // a table
	orbit.CodeNotFound: "workspace", orbit.CodeCatalogRefused: "filters",
}

// refreshAction is the action orbit_backstage_catalog_refresh.
type refreshAction struct {
	connected
}

func newRefreshAction() action.Action { return &refreshAction{} }

type refreshModel struct {
	Workspace  types.String   `tfsdk:"workspace"`
	EntityRefs types.List     `tfsdk:"entity_refs"`
	Filters    types.List     `tfsdk:"filters"`
	Timeouts   timeouts.Value `tfsdk:"timeouts"`
}

func (a *refreshAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_catalog_refresh"
}

func (a *refreshAction) Schema(ctx context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Has the catalog of a workspace's instance read entities again from where they come, rather than when their " +
			"turn comes round. It ends when the catalog has scheduled all of them; it reads them within seconds then.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The workspace whose catalog is meant.",
				Validators:          []validator.String{finds(declare.Workspace)},
			},
			"entity_refs": schema.ListAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "The entities to read again, as `kind:namespace/name` or `kind:name`. One that the catalog does not " +
					"have is an error, after the others have been scheduled.",
				Validators: []validator.List{
					listvalidator.AtLeastOneOf(path.MatchRoot("entity_refs"), path.MatchRoot("filters")),
					listvalidator.ValueStringsAre(finds(declare.EntityRef)),
				},
			},
			"filters": schema.ListAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Selects entities to read again, in the catalog's own syntax, such as " +
					"`\"kind=component,spec.type=service\"`: all conditions of one have to hold, and one of the filters has to. " +
					"That none is selected is a warning.",
				Validators: []validator.List{listvalidator.ValueStringsAre(finds(declare.EntityFilter))},
			},
			"timeouts": invokeTimeoutAttribute(ctx, refreshTimeout, "the catalog to schedule all of them"),
		},
	}
}

func (a *refreshAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.connect(req.ProviderData, &resp.Diagnostics)
}

func (a *refreshAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config refreshModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, problems := config.Timeouts.Invoke(ctx, refreshTimeout)
	resp.Diagnostics.Append(problems...)
	var named, filters []string
	resp.Diagnostics.Append(config.EntityRefs.ElementsAs(ctx, &named, true)...)
	resp.Diagnostics.Append(config.Filters.ElementsAs(ctx, &filters, true)...)
	workspace := config.Workspace.ValueString()
	summary := "Unable to refresh the catalog of " + workspace
	client, ok := a.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tell := func(message string) { resp.SendProgress(action.InvokeProgressEvent{Message: message}) }

	refresh := catalogRefresh{client: client, workspace: workspace, tell: tell}
	refused, total, err := refresh.run(ctx, named, filters)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		resp.Diagnostics.AddError(summary, "The timeout of "+timeout.String()+" was over. Raise timeouts."+invokeTimeout+", or refresh "+
			"fewer entities. Those that were scheduled are read again.")
	case err != nil:
		a.reportAt(refreshAttributes, summary, err, &resp.Diagnostics)
	case len(refused) > 0:
		resp.Diagnostics.AddError(summary, describeRefused(refused, total))
	case total == 0:
		resp.Diagnostics.AddWarning("Nothing to refresh in the catalog of "+workspace, "entity_refs names no entity, and the filters select none.")
	}
}

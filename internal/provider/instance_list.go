package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ list.ListResourceWithConfigure = (*instanceList)(nil)

// instanceList is the list resource orbit_backstage_instance.
type instanceList struct {
	instanceResource
}

func newInstanceList() list.ListResource { return &instanceList{} }

type instanceListModel struct {
	Labels types.Map    `tfsdk:"labels"`
	Phase  types.String `tfsdk:"phase"`
}

func (l *instanceList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the instances that orbitd runs, by workspace, for `terraform query`. An instance whose secrets are to be " +
			"managed needs `secrets_wo` in its configuration, which nobody can read.",
		Attributes: map[string]schema.Attribute{
			"labels": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Only instances that have all of these labels, with these values.",
			},
			"phase": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Only instances that are `Provisioning`, `Ready`, `Updating` or `Failed`.",
				Validators: []validator.String{stringvalidator.OneOf(string(orbit.PhaseProvisioning), string(orbit.PhaseReady),
					string(orbit.PhaseUpdating), string(orbit.PhaseFailed))},
			},
		},
	}
}

func (l *instanceList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const summary = "Unable to list instances"
	var config instanceListModel
	diags := req.Config.Get(ctx, &config)
	query := orbit.InstanceQuery{Phase: orbit.Phase(config.Phase.ValueString())}
	diags.Append(config.Labels.ElementsAs(ctx, &query.Labels, true)...)
	client, ok := l.client(summary, &diags)
	if !ok || diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = l.stream(ctx, summary, req, func(yield func(listed) bool) {
		for instance, err := range instances(ctx, client, query) {
			if !yield(l.listed(&instance, err)) {
				return
			}
		}
	})
}

func (l *instanceList) listed(instance *orbit.Instance, err error) listed {
	return listed{
		err: err, name: instance.Workspace, workspace: instance.Workspace,
		identity: instanceIdentity{types.StringValue(instance.Workspace)},
		read: func(ctx context.Context, resource *tfsdk.Resource) diag.Diagnostics {
			var model instanceModel
			diags := resource.Get(ctx, &model)
			model.adopt(ctx, instance, l.conn.defaultLabels, &diags)
			model.changeModel = noChange()
			diags.Append(resource.Set(ctx, &model)...)
			return diags
		},
	}
}

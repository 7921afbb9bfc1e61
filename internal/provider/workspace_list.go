package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

type workspaceListModel struct {
	Workspace types.String `tfsdk:"workspace"`
}

// workspaceListSchema is the configuration of a list of what belongs to instances.
func workspaceListSchema(description string) schema.Schema {
	return schema.Schema{
		MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Only those of this workspace. Default: all workspaces.",
				Validators:          []validator.String{finds(declare.Workspace)},
			},
		},
	}
}

// listWorkspaces lists what belongs to instances, workspace by workspace. Each yields what a workspace has, and says
// whether more is wanted. Where all workspaces are asked for, one that cannot tell now spoils no list.
func (c *connected) listWorkspaces(ctx context.Context, summary string, req list.ListRequest, stream *list.ListResultsStream,
	each func(client *orbit.Client, workspace string, yield func(listed) bool) bool,
) {
	var config workspaceListModel
	diags := req.Config.Get(ctx, &config)
	client, ok := c.client(summary, &diags)
	if !ok || diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = c.stream(ctx, summary, req, func(yield func(listed) bool) {
		if workspace := config.Workspace.ValueString(); workspace != "" {
			each(client, workspace, yield)
			return
		}
		for instance, err := range instances(ctx, client, orbit.InstanceQuery{}) {
			if err != nil {
				yield(listed{err: err})
				return
			}
			passing := func(one listed) bool {
				switch {
				case orbit.IsNotFound(one.err), orbit.HasCode(one.err, orbit.CodeDeleting):
					return true // its instance went meanwhile
				case orbit.HasCode(one.err, orbit.CodeCatalogUnavailable):
					one.missed = "Workspace " + instance.Workspace + " is left out of the list"
				}
				return yield(one)
			}
			if !each(client, instance.Workspace, passing) {
				return
			}
		}
	})
}

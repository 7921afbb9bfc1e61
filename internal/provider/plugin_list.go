package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ list.ListResourceWithConfigure = (*pluginList)(nil)

// pluginList is the list resource orbit_backstage_plugin.
type pluginList struct {
	pluginResource
}

func newPluginList() list.ListResource { return &pluginList{} }

func (l *pluginList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = workspaceListSchema("Finds the plugins that are resources of their own, for `terraform query`. Those in the `plugins` map of " +
		"an instance belong to it and come with it.")
}

func (l *pluginList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	l.listWorkspaces(ctx, "Unable to list plugins", req, stream, func(client *orbit.Client, workspace string, yield func(listed) bool) bool {
		for plugin, err := range pages(func(options orbit.PageOptions) (*orbit.Page[orbit.Plugin], error) {
			return client.ListPlugins(ctx, workspace, options)
		}) {
			if (err != nil || plugin.Owner == orbit.OwnerPlugin) && !yield(listedPlugin(&plugin, err)) {
				return false
			}
		}
		return true
	})
}

func listedPlugin(plugin *orbit.Plugin, err error) listed {
	return listed{
		err: err, name: plugin.Package + " of " + plugin.Workspace, workspace: plugin.Workspace,
		identity: pluginIdentity{types.StringValue(plugin.Workspace), types.StringValue(plugin.Package)},
		read: func(ctx context.Context, resource *tfsdk.Resource) diag.Diagnostics {
			var model pluginModel
			diags := resource.Get(ctx, &model)
			model.adopt(plugin)
			model.changeModel = noChange()
			diags.Append(resource.Set(ctx, &model)...)
			return diags
		},
	}
}

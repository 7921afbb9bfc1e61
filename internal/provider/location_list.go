package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ list.ListResourceWithConfigure = (*locationList)(nil)

// locationList is the list resource orbit_backstage_catalog_location.
type locationList struct {
	locationResource
}

func newLocationList() list.ListResource { return &locationList{} }

func (l *locationList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = workspaceListSchema("Finds the locations that are registered in the instances' own catalogs, for `terraform query`. Those " +
		"in `catalog.locations` of an instance's `config` belong to it and come with it. An instance that does not serve cannot tell its " +
		"locations: it is left out with a warning, unless it is the `workspace` that is asked for.")
}

func (l *locationList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	l.listWorkspaces(ctx, "Unable to list catalog locations", req, stream, func(client *orbit.Client, workspace string, yield func(listed) bool) bool {
		locations, err := client.ListCatalogLocations(ctx, workspace)
		if err != nil {
			return yield(listed{err: err})
		}
		for _, location := range locations {
			if !yield(listedLocation(workspace, &location)) {
				return false
			}
		}
		return true
	})
}

func listedLocation(workspace string, location *orbit.CatalogLocation) listed {
	identity := locationIdentity{types.StringValue(workspace), types.StringValue(location.Target)}
	return listed{
		name: location.Target + " of " + workspace, workspace: workspace, identity: identity,
		read: func(ctx context.Context, resource *tfsdk.Resource) diag.Diagnostics {
			var model locationModel
			diags := resource.Get(ctx, &model)
			model.Target = identity.Target
			model.adopt(location)
			diags.Append(resource.Set(ctx, &model)...)
			return diags
		},
	}
}

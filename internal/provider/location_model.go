package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// locationModel is orbit_backstage_catalog_location in configuration, plan and state.
type locationModel struct {
	Workspace  types.String   `tfsdk:"workspace"`
	Target     types.String   `tfsdk:"target"`
	LocationID types.String   `tfsdk:"location_id"`
	Entities   types.List     `tfsdk:"entities"`
	Problems   types.List     `tfsdk:"problems"`
	Timeouts   timeouts.Value `tfsdk:"timeouts"`
}

// locationIdentity is the identity of orbit_backstage_catalog_location. The catalog's id is no part of it: it is another one
// when the location is registered again.
type locationIdentity struct {
	Workspace types.String `tfsdk:"workspace"`
	Target    types.String `tfsdk:"target"`
}

func (m *locationModel) identity() locationIdentity { return locationIdentity{m.Workspace, m.Target} }

// importID is what terraform import takes.
func (m *locationModel) importID() string {
	return m.Workspace.ValueString() + "/" + m.Target.ValueString()
}

// name is how messages call the location: "location https://… of acme".
func (m *locationModel) name() string {
	return "location " + m.Target.ValueString() + " of " + m.Workspace.ValueString()
}

// adopt takes over what the catalog has.
func (m *locationModel) adopt(location *orbit.CatalogLocation) {
	m.LocationID = types.StringValue(location.ID)
	m.Entities = texts(location.Entities)
	m.Problems = texts(location.Problems)
}

// warnOfProblems tells what the catalog says against the location: it is registered all the same.
func (m *locationModel) warnOfProblems(location *orbit.CatalogLocation, diags *diag.Diagnostics) {
	if len(location.Problems) == 0 {
		return
	}
	said := "- " + strings.Join(location.Problems, "\n- ")
	diags.AddAttributeWarning(path.Root("target"), "The catalog has problems with "+m.name(), joinParagraphs(said,
		"The location is registered, and the catalog tries again by itself: once the target is mended there is nothing to do here."))
}

// find returns the location, or nil where the catalog or its instance is gone. It goes by the target where the id is that of
// an earlier registration, or not known yet.
func (m *locationModel) find(ctx context.Context, client *orbit.Client) (*orbit.CatalogLocation, error) {
	workspace := m.Workspace.ValueString()
	if id := m.LocationID.ValueString(); id != "" {
		location, err := client.GetCatalogLocation(ctx, workspace, id)
		if !orbit.IsNotFound(err) {
			return location, err
		}
	}
	locations, err := client.ListCatalogLocations(ctx, workspace)
	if err != nil && !orbit.IsNotFound(err) {
		return nil, err
	}
	for _, location := range locations {
		if location.Target == m.Target.ValueString() {
			return &location, nil
		}
	}
	return nil, nil
}

// texts is a list that is empty, and not null, without any.
func texts(items []string) types.List {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(item)
	}
	return types.ListValueMust(types.StringType, values)
}

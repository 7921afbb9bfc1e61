package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ datasource.DataSourceWithConfigure = (*releaseDataSource)(nil)

// releaseDataSource is the data source orbit_backstage_release: what is inside a release that orbitd carries.
type releaseDataSource struct {
	connected
}

func newReleaseDataSource() datasource.DataSource { return &releaseDataSource{} }

// releaseDataModel is the data source orbit_backstage_release.
type releaseDataModel struct {
	Version  types.String      `tfsdk:"version"`
	Default  types.Bool        `tfsdk:"default"`
	Node     types.String      `tfsdk:"node"`
	Postgres types.String      `tfsdk:"postgres"`
	Packages map[string]string `tfsdk:"packages"`
	Features []string          `tfsdk:"features"`
}

func (d *releaseDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_release"
}

func (d *releaseDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.connect(req.ProviderData, &resp.Diagnostics)
}

func (d *releaseDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := releaseAttributes()
	attributes["version"] = schema.StringAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "The Backstage version. Default: the newest that orbitd carries.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A Backstage release that orbitd carries: a pinned set of packages, and the Node.js and PostgreSQL " +
			"that serve them.",
		Attributes: attributes,
	}
}

// releaseAttributes are those of releaseDataModel.
func releaseAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"version": schema.StringAttribute{Computed: true, MarkdownDescription: "The Backstage version."},
		"default": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether it is the newest that orbitd carries.",
		},
		"node":     schema.StringAttribute{Computed: true, MarkdownDescription: "The version of Node.js inside."},
		"postgres": schema.StringAttribute{Computed: true, MarkdownDescription: "The version of PostgreSQL inside."},
		"packages": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "The Backstage packages inside, with their exact versions.",
		},
		"features": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Those of `packages` that every instance loads: its built-in plugins and modules, sorted.",
		},
	}
}

func (d *releaseDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model releaseDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	const summary = "Unable to read a Backstage release"
	client, ok := d.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	releases, err := client.ListReleases(ctx)
	if err != nil {
		d.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	}
	wanted := func(r orbit.Release) bool {
		return r.Version == model.Version.ValueString() || model.Version.IsNull() && r.Default
	}
	i := slices.IndexFunc(releases, wanted)
	if i < 0 {
		carried := make([]string, len(releases))
		for i, r := range releases {
			carried[i] = r.Version
		}
		resp.Diagnostics.AddAttributeError(path.Root("version"), summary, "orbitd does not carry Backstage "+
			model.Version.ValueString()+"; it has "+strings.Join(carried, ", ")+".")
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, newReleaseDataModel(releases[i]))...)
}

func newReleaseDataModel(r orbit.Release) *releaseDataModel {
	model := &releaseDataModel{
		Version: types.StringValue(r.Version), Default: types.BoolValue(r.Default), Node: types.StringValue(r.Node),
		Postgres: types.StringValue(r.Postgres), Packages: make(map[string]string, len(r.Packages)), Features: []string{},
	}
	for _, p := range r.Packages {
		model.Packages[p.Name] = p.Version
		if p.Feature {
			model.Features = append(model.Features, p.Name)
		}
	}
	slices.Sort(model.Features)
	return model
}

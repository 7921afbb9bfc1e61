package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*releasesDataSource)(nil)

// releasesDataSource is the data source orbit_backstage_releases: the releases that orbitd carries.
type releasesDataSource struct {
	connected
}

func newReleasesDataSource() datasource.DataSource { return &releasesDataSource{} }

// releasesDataModel is the data source orbit_backstage_releases.
type releasesDataModel struct {
	Default  types.String        `tfsdk:"default"`
	Versions []string            `tfsdk:"versions"`
	Releases []*releaseDataModel `tfsdk:"releases"`
}

func (d *releasesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_releases"
}

func (d *releasesDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.connect(req.ProviderData, &resp.Diagnostics)
}

func (d *releasesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The Backstage releases that orbitd carries. `orbit_backstage_release` tells about one.",
		Attributes: map[string]schema.Attribute{
			"default": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "The version of the newest. Instances that name no `release` run the newest that the provider " +
					"knows, which need not be this one.",
			},
			"versions": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The versions of `releases`, in their order.",
			},
			"releases": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The releases, in orbitd's order.",
				NestedObject:        schema.NestedAttributeObject{Attributes: releaseAttributes()},
			},
		},
	}
}

func (d *releasesDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	const summary = "Unable to list Backstage releases"
	client, ok := d.client(summary, &resp.Diagnostics)
	if !ok {
		return
	}
	releases, err := client.ListReleases(ctx)
	if err != nil {
		d.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	}
	model := releasesDataModel{Default: types.StringNull(), Versions: []string{}, Releases: []*releaseDataModel{}}
	for _, release := range releases {
		model.Versions = append(model.Versions, release.Version)
		model.Releases = append(model.Releases, newReleaseDataModel(release))
		if release.Default {
			model.Default = types.StringValue(release.Version)
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ datasource.DataSourceWithConfigure = (*packageDataSource)(nil)

// packageDataSource is the data source orbit_backstage_plugin_package: what can be told about a plugin before it is added.
type packageDataSource struct {
	connected
}

func newPackageDataSource() datasource.DataSource { return &packageDataSource{} }

func (d *packageDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_plugin_package"
}

func (d *packageDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.connect(req.ProviderData, &resp.Diagnostics)
}

func (d *packageDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	list := func(description string) schema.ListAttribute {
		return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
	}
	truth := func(description string) schema.BoolAttribute {
		return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
	}
	number := func(description string) schema.Float64Attribute {
		return schema.Float64Attribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An npm package, before it is added to an instance: what the registry that orbitd uses says about it, " +
			"and what became of it when it was booted. Nothing is installed.",
		Attributes: map[string]schema.Attribute{
			"package": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The npm package, `@roadiehq/backstage-plugin-argo-cd-backend` for example.",
				Validators:          []validator.String{finds(declare.Package)},
			},
			"version": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Exact version, or a range, which means here what npm would install now. Default: the latest. " +
					"In an instance a range means one version for good, which `resolved_version` there tells.",
				Validators: []validator.String{finds(declare.Version)},
			},
			"release": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "The Backstage release that `in_release` and `proven` speak of. Default: orbitd's newest.",
			},
			resolvedVersion:   text("The exact version that the rest speaks of."),
			"role":            text("What the package is to Backstage. A backend takes `backend-plugin` and `backend-plugin-module`. Null where it does not say."),
			"plugin_id":       text("Id of the plugin that the package is, or extends."),
			"plugin_package":  text("For a module: the package of the plugin that it extends."),
			"plugin_packages": list("The packages that make up the plugin."),
			"versions":        list("The published versions, newest first, at most 200."),
			"latest_version":  text("The version that the package's authors tag as latest."),
			"deprecated":      text("What the package's authors say against this version; null where they do not object."),
			"requires": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What the package needs.",
				Attributes: map[string]schema.Attribute{
					"node": text("Range of versions of Node.js; null for any."),
					"backstage": schema.MapAttribute{
						Computed: true, ElementType: types.StringType,
						MarkdownDescription: "The Backstage packages that it depends on, with their ranges.",
					},
					"plugin": text("For a module: the package of the plugin that the instance needs too."),
				},
			},
			"in_release":         truth("Whether the release has the package already: then it is configured, not added."),
			"new_backend_system": truth("Whether the package exports a feature of Backstage's new backend system from its main entry point, the one that is loaded; null where it does not say."),
			"proven": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What became of the package when an instance of the release was booted with it; null when that was not tried.",
				Attributes: map[string]schema.Attribute{
					"release":      text("The Backstage release."),
					"version":      text("The exact version that was tried."),
					"booted":       truth("Whether Backstage was ready with it."),
					"reason":       text("Why it did not boot; null when it did."),
					"boot_seconds": number("Seconds from the start of the process until it served requests; null when it did not."),
					"memory_mb":    number("Resident memory that it added, in MB; below about 20 either way it is noise. Null when it did not boot."),
				},
			},
		},
	}
}

func (d *packageDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model packageDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	name := model.Package.ValueString()
	summary := "Unable to read package " + name
	client, ok := d.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	found, err := client.GetPackage(ctx, name, orbit.PackageQuestion{
		Version: model.Version.ValueString(), Release: model.Release.ValueString(),
	})
	if err != nil {
		d.reportAt(packageAttributes, summary, err, &resp.Diagnostics)
		return
	}
	model.adopt(found)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

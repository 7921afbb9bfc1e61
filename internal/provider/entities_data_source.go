package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ datasource.DataSourceWithConfigure = (*entitiesDataSource)(nil)

// Bounds of how many entities one data source reads: they are kept in the state.
const (
	defaultEntities = 500
	maxEntities     = 10000
)

// entitiesDataSource is the data source orbit_backstage_catalog_entities.
type entitiesDataSource struct {
	connected
}

func newEntitiesDataSource() datasource.DataSource { return &entitiesDataSource{} }

// entitiesAttributes are the arguments that a problem is about.
var entitiesAttributes = map[orbit.Code]string{ //nolint:gochecknoglobals // a table
	orbit.CodeNotFound: "workspace", orbit.CodeCatalogRefused: "filters",
}

func (d *entitiesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_catalog_entities"
}

func (d *entitiesDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.connect(req.ProviderData, &resp.Diagnostics)
}

func (d *entitiesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	wanted := func(description string) schema.ListAttribute {
		return schema.ListAttribute{
			Optional: true, ElementType: types.StringType, MarkdownDescription: description,
			Validators: []validator.List{listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The entities that the catalog of a workspace's instance has right now. Where the same run makes the " +
			"instance, `depends_on` with it makes Terraform look after that.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The workspace whose catalog is asked.",
				Validators:          []validator.String{finds(declare.Workspace)},
			},
			"filters": wanted("Which entities, in the catalog's own filter syntax, `kind=component,spec.type=service` for example: all " +
				"conditions of one filter have to hold, and one of the filters has to. Default: all entities."),
			"fields": wanted("The parts of the entities that are wanted in `json`, `spec.owner` for example. Kind, namespace and name " +
				"are always there. Default: all. Name what you use: the entities are kept in the state."),
			"limit": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "How many entities to read at most, from 1 to 10000. Default: `500`, with a warning where there are more.",
				Validators:          []validator.Int64{int64validator.Between(1, maxEntities)},
			},
			"truncated": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether the catalog has more of them than `limit`.",
			},
			"refs": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "References to the entities, sorted: `component:default/payments`.",
			},
			"entities": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The entities, in the order of `refs`.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"ref":       text("The reference, in lower case: `component:default/payments`."),
					"kind":      text("The kind, as the entity has it: `Component`."),
					"namespace": text("The namespace."),
					"name":      text("The name."),
					"json":      text("The entity as the catalog has it, as JSON; `jsondecode` reads it."),
				}},
			},
		},
	}
}

func (d *entitiesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model entitiesDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	workspace := model.Workspace.ValueString()
	summary := "Unable to read the catalog of " + workspace
	client, ok := d.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	entities, more, err := collect(model.limit(), func(options orbit.PageOptions) (*orbit.Page[orbit.Entity], error) {
		return client.ListCatalogEntities(ctx, workspace, orbit.EntityQuery{
			Filters: model.Filters, Fields: model.fields(), PageOptions: options,
		})
	})
	if err != nil {
		d.reportAt(entitiesAttributes, summary, err, &resp.Diagnostics)
		return
	}
	if err := model.adopt(entities, more); err != nil {
		resp.Diagnostics.AddError(summary, sentence(err.Error()))
		return
	}
	if more && model.Limit.IsNull() {
		resp.Diagnostics.AddWarning("The catalog of "+workspace+" has more entities", fmt.Sprintf("%d were read. Narrow the filters, "+
			"or give a limit: with one, truncated tells whether there are more, and nothing warns.", defaultEntities))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

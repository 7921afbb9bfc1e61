package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ datasource.DataSourceWithConfigure = (*instancesDataSource)(nil)

// instancesDataSource is the data source orbit_backstage_instances: the instances that orbitd has.
type instancesDataSource struct {
	connected
}

func newInstancesDataSource() datasource.DataSource { return &instancesDataSource{} }

// instancesDataModel is the data source orbit_backstage_instances.
type instancesDataModel struct {
	Labels     map[string]string      `tfsdk:"labels"`
	Phase      types.String           `tfsdk:"phase"`
	Workspaces []string               `tfsdk:"workspaces"`
	Instances  []instanceSummaryModel `tfsdk:"instances"`
}

// instanceSummaryModel is one instance of a list.
type instanceSummaryModel struct {
	Workspace      types.String      `tfsdk:"workspace"`
	URL            types.String      `tfsdk:"url"`
	APIURL         types.String      `tfsdk:"api_url"`
	DatabaseName   types.String      `tfsdk:"database_name"`
	Release        types.String      `tfsdk:"release"`
	Labels         map[string]string `tfsdk:"labels"`
	Phase          types.String      `tfsdk:"phase"`
	RestartPolicy  types.String      `tfsdk:"restart_policy"`
	PendingRestart types.Bool        `tfsdk:"pending_restart"`
}

func (d *instancesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_instances"
}

func (d *instancesDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.connect(req.ProviderData, &resp.Diagnostics)
}

func (d *instancesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The instances that orbitd has, whoever declared them, by label and by what they are doing. Without " +
			"arguments: all of them. A token of one workspace sees that one alone.",
		Attributes: map[string]schema.Attribute{
			"labels": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Labels that an instance has to have, with these values: `{ team = \"payments\" }`.",
				Validators:          []validator.Map{mapvalidator.NoNullValues()},
			},
			"phase": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "What an instance has to be doing: `Provisioning` (its first boot), `Ready`, `Updating` (it serves " +
					"while it is changed), `Failed` (it serves nothing) or `Deleting`.",
				Validators: []validator.String{stringvalidator.OneOf(string(orbit.PhaseProvisioning), string(orbit.PhaseReady),
					string(orbit.PhaseUpdating), string(orbit.PhaseFailed), string(orbit.PhaseDeleting))},
			},
			"workspaces": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The workspaces of `instances`, sorted; `toset` of it is good for a `for_each`.",
			},
			"instances": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The instances, sorted by workspace. `orbit_backstage_instance` tells more about one.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"workspace":     text("The workspace."),
					"url":           text("Where people open the instance."),
					"api_url":       text("Base of the instance's backend API: `url` with `/api`."),
					"database_name": text("The instance's own PostgreSQL database."),
					"release":       text("The Backstage release."),
					"labels": schema.MapAttribute{
						Computed: true, ElementType: types.StringType,
						MarkdownDescription: "All of the instance's labels.",
					},
					"phase":          text("What the instance is doing, in a word, as `phase` above."),
					"restart_policy": text("What happens to changes that cost a restart: `auto`, `manual` or `forbid`."),
					"pending_restart": schema.BoolAttribute{
						Computed: true, MarkdownDescription: "Whether stored changes wait for a restart.",
					},
				}},
			},
		},
	}
}

func (d *instancesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model instancesDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	const summary = "Unable to list instances"
	client, ok := d.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	instances, _, err := collect(0, func(options orbit.PageOptions) (*orbit.Page[orbit.Instance], error) {
		return client.ListInstances(ctx, orbit.InstanceQuery{
			Labels: model.Labels, Phase: orbit.Phase(model.Phase.ValueString()), PageOptions: options,
		})
	})
	if err != nil {
		d.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	}
	model.adopt(instances)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (m *instancesDataModel) adopt(instances []orbit.Instance) {
	m.Workspaces, m.Instances = make([]string, len(instances)), make([]instanceSummaryModel, len(instances))
	for i, instance := range instances {
		m.Workspaces[i] = instance.Workspace
		m.Instances[i] = newInstanceSummaryModel(instance)
	}
}

func newInstanceSummaryModel(instance orbit.Instance) instanceSummaryModel {
	labels := instance.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return instanceSummaryModel{
		Workspace: types.StringValue(instance.Workspace), URL: types.StringValue(instance.URL),
		APIURL: types.StringValue(instance.APIURL), DatabaseName: types.StringValue(instance.DatabaseName),
		Release: types.StringValue(instance.Release), Labels: labels, Phase: types.StringValue(string(instance.Status.Phase)),
		RestartPolicy:  types.StringValue(string(cmp.Or(instance.RestartPolicy, orbit.RestartAuto))),
		PendingRestart: types.BoolValue(instance.Status.PendingRestart),
	}
}

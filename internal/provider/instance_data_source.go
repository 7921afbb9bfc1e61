package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ datasource.DataSourceWithConfigure = (*instanceDataSource)(nil)

// instanceDataSource is the data source orbit_backstage_instance: what is declared, and what orbitd observes.
type instanceDataSource struct {
	connected
}

func newInstanceDataSource() datasource.DataSource { return &instanceDataSource{} }

func (d *instanceDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_instance"
}

func (d *instanceDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.connect(req.ProviderData, &resp.Diagnostics)
}

func (d *instanceDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	number := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A workspace's Backstage instance: what is declared and what orbitd observes. What moves by " +
			"itself (conditions, generations, memory) is here and not in the resource, where it would be drift.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{Required: true, MarkdownDescription: "The workspace."},
			"release":   text("The Backstage release."),
			"config":    text("The app-config document as it was declared."),
			"plugins": schema.MapNestedAttribute{
				Computed:            true,
				MarkdownDescription: "All plugins of the instance by npm package, whoever declared them.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"version":       text("Version of the package as it was declared: exact, or a range."),
					resolvedVersion: text("The exact version that is installed."),
					"config":        text("The plugin's part of the app-config."),
					"secret_names": schema.ListAttribute{
						Computed: true, ElementType: types.StringType,
						MarkdownDescription: "Names of the plugin's own stored secrets. Their values cannot be read.",
					},
					"secrets_version": number("The `secrets_wo_version` the plugin's own secrets were last sent with; 0 when there are none."),
					"owner":           text("Who declared it: `instance`, the plugins map of the instance, or `plugin`, a resource of its own."),
				}},
			},
			"variables":        schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Plain values behind `${NAME}`, by name."},
			"labels":           schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "All labels of the instance; null when there are none."},
			"literal_secrets":  text("What happens where a literal stands in place of a secret: `warn` or `deny`."),
			"secret_names":     schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Names of the stored secrets. Their values cannot be read."},
			"secrets_version":  number("The `secrets_wo_version` the secrets were last sent with; 0 when there are none."),
			"ui":               schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the instance serves Backstage's web app."},
			"base_url":         text("Where people open the instance, when it has a domain of its own; null when it has its name under the gateway's."),
			"memory_limit_mib": number("Limit of the process's memory in MiB."),
			"deletion_protection": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether the manager refuses to delete the instance.",
			},
			"restart_policy": text("What happens to changes that cost a restart: `auto`, `manual` or `forbid`."),
			"url":            text("Where people open the instance."),
			"api_url":        text("Base of the instance's backend API."),
			"database_name":  text("The instance's own PostgreSQL database."),
			"generation":     number("Counts the accepted changes of the instance and its plugins."),
			"created_at":     text("When the instance was created, in RFC 3339."),
			"status": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What orbitd observed.",
				Attributes: map[string]schema.Attribute{
					"phase":               text("`Provisioning`, `Ready`, `Updating`, `Failed` or `Deleting`."),
					"observed_generation": number("The newest generation whose verdict is known."),
					"pending_restart": schema.BoolAttribute{
						Computed: true, MarkdownDescription: "Whether stored changes wait for a restart, which `restart_policy` does not allow.",
					},
					"pending_reasons": schema.ListNestedAttribute{
						Computed:            true,
						MarkdownDescription: "Which changes wait for the restart, and why they cost it.",
						NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
							"path":    text("Where the change is: a path of the app-config, or an attribute."),
							"impact":  text("What this part alone costs."),
							"because": text("Why, in words."),
						}},
					},
					"pid":          number("Process id, where instances are processes; null when there is none."),
					"memory_bytes": number("Resident memory of the process; null when it is unknown."),
					"memory_limit": text("What enforces the memory limit: `cgroup` or `heap`."),
					"bundle":       text("Content hash of the installed packages."),
					"started_at":   text("When the serving process started, in RFC 3339."),
					"conditions": schema.ListNestedAttribute{
						Computed:            true,
						MarkdownDescription: "Conditions as Kubernetes has them.",
						NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
							"type":                 text("`Ready`, `Progressing`, `CrashLooping`, `Isolated` or `RoomForGreen`."),
							"status":               text("`True`, `False` or `Unknown`."),
							"reason":               text("One word for programs."),
							"message":              text("A sentence for people."),
							"last_transition_time": text("When the status last changed, in RFC 3339."),
							"observed_generation":  number("The generation the condition speaks of."),
						}},
					},
				},
			},
		},
	}
}

func (d *instanceDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model instanceDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	workspace := model.Workspace.ValueString()
	summary := "Unable to read instance " + workspace
	client, ok := d.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	instance, err := client.GetInstanceWithPlugins(ctx, workspace)
	switch {
	case orbit.IsNotFound(err):
		resp.Diagnostics.AddAttributeError(path.Root("workspace"), summary, "Workspace "+workspace+" has no instance.")
		return
	case err != nil:
		d.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	}
	plugins := instance.AllPlugins
	if plugins == nil { // an orbitd that is older than this provider
		if plugins, err = allPlugins(ctx, client, workspace); err != nil {
			d.reportError(summary, err, nowhere, &resp.Diagnostics)
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, newInstanceDataModel(instance, plugins))...)
}

func allPlugins(ctx context.Context, client *orbit.Client, workspace string) ([]orbit.Plugin, error) {
	plugins, _, err := collect(0, func(options orbit.PageOptions) (*orbit.Page[orbit.Plugin], error) {
		return client.ListPlugins(ctx, workspace, options)
	})
	return plugins, err
}

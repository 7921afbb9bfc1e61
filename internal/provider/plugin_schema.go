package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
)

func pluginSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{
		"workspace": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The workspace whose instance gets the plugin. Refer to the instance's `workspace`, so " +
				"that Terraform makes the instance first.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"package": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The npm package of a plugin or module, of the backend or of the web app: " +
				"`@roadiehq/backstage-plugin-argo-cd-backend` for example.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"version": schema.StringAttribute{
			Required: true,
			MarkdownDescription: versionText + " Another version is an upgrade, of a part of the web app a restart, and never a " +
				"replacement.",
		},
		resolvedVersion: resolvedVersionAttribute(),
		"config": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The plugin's part of the app-config as YAML or JSON, laid over the instance's `config`. " +
				"`${NAME}` stands for one of the plugin's own secrets or, where it has none of that name, for one of the " +
				"instance's secrets or variables; in HCL it is written `$${NAME}`.",
			PlanModifiers: []planmodifier.String{keepEqualDocument{}},
		},
		"timeouts": timeoutsAttribute(ctx, "the plugin to be installed and serving", "a change",
			"the removal to be recorded"),
	}
	addSecretAttributes(attributes, "The plugin's own values behind `${NAME}`, by name. They are for this `config` alone and "+
		"come before the instance's, so that two modules can each have a `TOKEN`.")
	addChangeAttributes(attributes)
	return schema.Schema{
		Version: pluginUpgrades.version(),
		MarkdownDescription: "A plugin of a workspace's instance, for plugins that another module or state owns " +
			"than the instance itself. Removing one restarts the instance; its tables stay in the database. The instance's " +
			"`restart_policy` holds for its plugins too, as it was applied last. Moving one " +
			"here from the instance's `plugins`, or back, is a removal and an addition: it restarts the instance twice.\n\n" +
			"An instance that is replaced, with `-replace` for example, takes its plugins with it. " +
			"`replace_triggered_by` with its `database_name` makes Terraform add them to the new one in the same apply.",
		Attributes: attributes,
	}
}

func pluginIdentitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"workspace": identityschema.StringAttribute{RequiredForImport: true, Description: "The workspace."},
		"package":   identityschema.StringAttribute{RequiredForImport: true, Description: "The npm package."},
	}}
}

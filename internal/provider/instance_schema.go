package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// DefaultRelease is what an instance runs that names no release. It is a constant of the provider's version, so a plan
// knows it without asking orbitd.
const DefaultRelease = "1.55.0"

func instanceSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{
		"workspace": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The workspace, a DNS label of at most 40 characters. It names the instance's host and " +
				"database; another one makes another instance.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"release": schema.StringAttribute{
			Optional: true, Computed: true,
			Default: stringdefault.StaticString(DefaultRelease),
			MarkdownDescription: "The Backstage release. Default: `" + DefaultRelease + "`, the newest this version of " +
				"the provider knows; name it to upgrade when you choose to.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"config": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The app-config as YAML or JSON (`yamlencode` and `jsonencode` both do). `${NAME}` stands " +
				"for a secret or a variable; in HCL it is written `$${NAME}`. Formatting, comments and the order of keys plan as no change.",
			PlanModifiers: []planmodifier.String{keepEqualDocument{}},
		},
		"plugins": schema.MapNestedAttribute{
			Optional: true,
			MarkdownDescription: "The instance's own plugins by npm package: the whole set is checked at plan and rolled " +
				"out at once. A plugin that another module or state owns is an `orbit_backstage_plugin` instead. Moving " +
				"one from here to there, or back, is a removal and an addition: it restarts the instance twice.",
			Validators: []validator.Map{mapvalidator.NoNullValues()},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"version": schema.StringAttribute{
					Required:            true,
					MarkdownDescription: versionText,
				},
				resolvedVersion: resolvedVersionAttribute(),
				"config": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "The plugin's part of the app-config as YAML or JSON, laid over `config`.",
					PlanModifiers:       []planmodifier.String{keepEqualDocument{}},
				},
			}},
		},
		"variables": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Plain values behind `${NAME}`, by name, for what differs between workspaces and is no " +
				"secret: they are readable in plans and in the state. A name is a variable or a secret, not both. A changed " +
				"variable costs what the parts of the documents cost that refer to it.",
			Validators: []validator.Map{
				mapvalidator.KeysAre(finds(declare.VariableName)),
				mapvalidator.NoNullValues(),
			},
		},
		"labels": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "What the instance is for, `team = \"payments\"` for example: for finding instances, with the " +
				"names and values that labels have in Kubernetes, 64 at most. They go over the provider's `default_labels`. " +
				"Changing them costs nothing. An import shows here what does not come from `default_labels`.",
			Validators: []validator.Map{mapvalidator.NoNullValues()},
		},
		"labels_all": schema.MapAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "All labels of the instance: the provider's `default_labels` with `labels` over them.",
		},
		"literal_secrets": schema.StringAttribute{
			Optional: true, Computed: true,
			Default: stringdefault.StaticString(string(orbit.LiteralsWarn)),
			MarkdownDescription: "What happens where a document has a literal value and the package's own schema says that a " +
				"secret stands there: `warn` says so, `deny` fails the plan. Use `${NAME}` and `secrets_wo` instead. " +
				"Changing it interrupts nothing. Default: `warn`.",
			Validators: []validator.String{stringvalidator.OneOf(string(orbit.LiteralsWarn), string(orbit.LiteralsDeny))},
		},
		"ui": schema.BoolAttribute{
			Optional: true, Computed: true,
			Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the instance serves Backstage's web app, which people open at `url`. Without it there " +
				"is the backend's API alone. Default: `true`.",
		},
		"base_url": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Where people open the instance, when it has a domain of its own: `https://portal.example.com`, in " +
				"lower case, with a port if it is not 443, and nothing behind it. The name has to lead to orbitd's gateway (the guide on " +
				"addresses says how), and no other instance may have it. Without, the instance has its name under the gateway's domain, " +
				"which also goes on to answer: it sends browsers here, and serves API clients. Changing it costs a restart.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1), finds(declare.BaseURL)},
		},
		"memory_limit_mib": schema.Int64Attribute{
			Optional: true, Computed: true,
			Default:             int64default.StaticInt64(orbit.DefaultMemoryLimitMiB),
			MarkdownDescription: "Limit of the process's memory in MiB, from 256 to 65536. Default: `1024`.",
			Validators:          []validator.Int64{int64validator.Between(orbit.MinMemoryLimitMiB, orbit.MaxMemoryLimitMiB)},
		},
		"deletion_protection": schema.BoolAttribute{
			Optional: true, Computed: true,
			Default: booldefault.StaticBool(true),
			MarkdownDescription: "Refuse to delete the instance, because that drops its database. Default: `true`. To " +
				"delete it, apply `false` first.",
		},
		"restart_policy": schema.StringAttribute{
			Optional: true, Computed: true,
			Default: stringdefault.StaticString(string(orbit.RestartAuto)),
			MarkdownDescription: "What happens to changes of the instance and its plugins that cost a restart or an upgrade: " +
				"`auto` rolls them out, `manual` stores them until a restart is asked for (the action " +
				"`orbit_backstage_instance_restart`, or `POST /v1/instances/{workspace}/restart` of orbitd's API) or the policy is " +
				"`auto` again, and `forbid` fails the plan and names what it fails for. Default: `auto`. The instance's own plan obeys the policy that it plans; the plan of an " +
				"`orbit_backstage_plugin` obeys the one that was applied last. Live changes, and the first boot, always go " +
				"ahead. For a maintenance window: `restart_policy = var.in_window ? \"auto\" : \"forbid\"`.",
			Validators: []validator.String{stringvalidator.OneOf(
				string(orbit.RestartAuto), string(orbit.RestartManual), string(orbit.RestartForbid),
			)},
		},
		"pending_restart": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "Whether stored changes of the instance or its plugins wait for a restart, because " +
				"`restart_policy` does not roll them out. Setting the policy to `auto` is a restart then.",
		},
		"timeouts": timeoutsAttribute(ctx, "the first boot, with what has to be installed for it", "a change",
			"the deletion"),
		"url":           stableAttribute("Where people open the instance, `http://acme.localhost:7007` for example: `base_url`, where there is one."),
		"api_url":       stableAttribute("Base of the instance's backend API: `url` with `/api`."),
		"database_name": stableAttribute("The instance's own PostgreSQL database."),
	}
	addSecretAttributes(attributes, "Values behind `${NAME}`, by name, for `config`, for `plugins` and for plugins declared "+
		"elsewhere.")
	addChangeAttributes(attributes)
	return schema.Schema{
		Version: instanceUpgrades.version(),
		MarkdownDescription: "A workspace's Backstage instance: a process, a PostgreSQL database and a URL of its own. " +
			"The plan tells in `change_impact` and `change_reasons` what a change costs.",
		Attributes: attributes,
	}
}

// stableAttribute is what orbitd chooses once, at create.
func stableAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: description,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseNonNullStateForUnknown()},
	}
}

func instanceIdentitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"workspace": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "The workspace.",
		},
	}}
}

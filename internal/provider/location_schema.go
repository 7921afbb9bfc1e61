package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
)

const (
	// locationTimeout is how long a create waits for the first entities: a catalog reads a new location within seconds.
	locationTimeout = time.Minute
	// maxLocationWait is the longest that the API waits for them.
	maxLocationWait = 5 * time.Minute
)

func locationSchema(ctx context.Context) schema.Schema {
	outcome := func(description string) schema.ListAttribute {
		return schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: description,
			PlanModifiers:       []planmodifier.List{listplanmodifier.UseNonNullStateForUnknown()},
		}
	}
	return schema.Schema{
		Version: locationUpgrades.version(),
		MarkdownDescription: "A location in the catalog of a workspace's instance: a URL that entities are read from. It is " +
			"registered and removed in the running catalog, which restarts nothing, whatever `restart_policy` says; so there is " +
			"no `change_impact`. What every instance of a kind has in common belongs into `catalog.locations` of its `config`; " +
			"this resource is for locations that another module or state owns.\n\n" +
			"Removing it removes the entities that no other location has. An instance that is replaced has an empty catalog: the " +
			"next plan registers the location again, and `replace_triggered_by` with the instance's `database_name` does so in the " +
			"same apply.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "The workspace whose catalog it is. Refer to the instance's `workspace`, so that Terraform " +
					"makes the instance first.",
				Validators:    []validator.String{finds(declare.Workspace)},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"target": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "The http or https URL that is read, of a `catalog-info.yaml` for example. A catalog has each " +
					"target once, and cannot move one: another target replaces the location. What a private host asks for is " +
					"given in `integrations` of the instance's `config`, never here.",
				Validators:    []validator.String{finds(declare.CatalogTarget)},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"location_id": stableAttribute("The catalog's own id of the location. Another one when it was registered again."),
			"entities": outcome("References to the entities that it produced so far, sorted: `component:default/payments`. It is " +
				"what the last refresh saw; the catalog goes on reading the target."),
			"problems": outcome("What the catalog says against the location or its entities, such as a target that it cannot " +
				"read. The catalog tries again by itself. Empty where nothing is wrong."),
			"timeouts": standardTimeouts{
				create: standardTimeout{locationTimeout, "an instance whose catalog does not answer just now, and then for the catalog's first " +
					"look at the target (5 minutes of it at most)"},
				delete: standardTimeout{locationTimeout, "an instance whose catalog does not answer just now"},
			}.attribute(ctx, "How long to wait. A target that the catalog has not read by then stays registered, with a warning."),
		},
	}
}

func locationIdentitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"workspace": identityschema.StringAttribute{RequiredForImport: true, Description: "The workspace."},
		"target":    identityschema.StringAttribute{RequiredForImport: true, Description: "The URL that is read."},
	}}
}

package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
)

// addSecretAttributes adds secrets_wo, with what its values are for, and secrets_wo_version.
func addSecretAttributes(attributes map[string]schema.Attribute, what string) {
	attributes["secrets_wo"] = schema.MapAttribute{
		Optional: true, Sensitive: true, WriteOnly: true,
		ElementType: types.StringType,
		MarkdownDescription: what + " Write-only: they are in no plan and no state, so raise `secrets_wo_version` whenever " +
			"one changes.",
		Validators: []validator.Map{
			mapvalidator.KeysAre(finds(declare.SecretName)),
			mapvalidator.NoNullValues(),
			mapvalidator.AlsoRequires(path.MatchRoot("secrets_wo_version")),
		},
	}
	attributes["secrets_wo_version"] = schema.Int64Attribute{
		Optional: true,
		MarkdownDescription: "Any other number than before sends `secrets_wo` again, in place of all that are stored. " +
			"A changed secret costs what the parts of the documents cost that refer to it.",
		Validators: []validator.Int64{int64validator.AtLeast(1)},
	}
}

// secretNames are the names that a configuration gives, sorted and not nil; known is false where the map is unknown.
func secretNames(secrets types.Map) (names []string, known bool) {
	names = slices.AppendSeq([]string{}, maps.Keys(secrets.Elements()))
	slices.Sort(names)
	return names, !secrets.IsUnknown()
}

// secretValues are the configured values, an empty map when there are none: sent, it replaces what is stored. No log shows
// them from now on.
func (c *connected) secretValues(ctx context.Context, secrets types.Map, diags *diag.Diagnostics) map[string]string {
	values := map[string]string{}
	if !secrets.IsNull() {
		diags.Append(secrets.ElementsAs(ctx, &values, false)...)
	}
	c.conn.logs.hide(slices.Collect(maps.Values(values))...)
	return values
}

// adoptSecretsVersion is the version that orbitd has; none is 0 there.
func adoptSecretsVersion(version int64) types.Int64 {
	if version == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(version)
}

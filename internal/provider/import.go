package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// identityText is an attribute of the identity that an import names; "" where it names none.
func identityText(ctx context.Context, identity *tfsdk.ResourceIdentity, name string, diags *diag.Diagnostics) string {
	if identity == nil || identity.Raw.IsNull() {
		return ""
	}
	var text types.String
	diags.Append(identity.GetAttribute(ctx, path.Root(name), &text)...)
	return text.ValueString()
}

// importAs sets what the resource is known by, unless a finding says that nothing can have that name.
func importAs(ctx context.Context, form string, names map[string]string, findings []orbit.Diagnostic, resp *resource.ImportStateResponse) {
	for _, finding := range findings {
		resp.Diagnostics.AddError("Invalid import id", joinParagraphs(sentence(finding.Message), form))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	for name, text := range names {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), text)...)
	}
}

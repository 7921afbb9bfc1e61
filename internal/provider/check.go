package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// checkInstance finds what is wrong with an instance by itself, as far as its values are known: at validation many are
// not yet.
func checkInstance(ctx context.Context, config *instanceModel, diags *diag.Diagnostics) []orbit.Diagnostic {
	secrets, defined := config.definedNames()
	findings := whereKnown(config.Workspace, declare.Workspace)
	variables, _ := config.variables()
	findings = append(findings, declare.Variables(variables, secrets)...)
	findings = append(findings, declare.Labels(knownLabels(config.Labels))...)
	findings = append(findings, checkDocument(config.Config, defined)...)
	entries, _ := config.entries(ctx, diags)
	fragments := make(map[string]appconfig.Document, len(entries))
	for pkg, entry := range entries {
		findings = append(findings, checkPlugin(types.StringValue(pkg), entry.Version, entry.Config, defined)...)
		fragments[pkg], _ = appconfig.Parse(entry.Config.ValueString())
	}
	return append(findings, declare.Conflicts(config.Workspace.ValueString(), fragments, declare.All)...)
}

// checkPlugin finds what is wrong with a plugin by itself. Nil names mean that it is not known which are defined.
func checkPlugin(pkg, version, config types.String, defined declare.Names) []orbit.Diagnostic {
	findings := whereKnown(pkg, declare.Package)
	findings = append(findings, whereKnown(version, declare.Version)...)
	findings = append(findings, checkDocument(config, defined)...)
	for i := range findings {
		findings[i].Plugin = pkg.ValueString()
	}
	return findings
}

func checkDocument(config types.String, defined declare.Names) []orbit.Diagnostic {
	return whereKnown(config, func(text string) []orbit.Diagnostic { return declare.Document(text, defined) })
}

func whereKnown(value types.String, check func(string) []orbit.Diagnostic) []orbit.Diagnostic {
	if value.IsUnknown() || value.IsNull() {
		return nil
	}
	return check(value.ValueString())
}

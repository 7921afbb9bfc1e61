package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// pluginModel is orbit_backstage_plugin in configuration, plan and state.
type pluginModel struct {
	Workspace       types.String   `tfsdk:"workspace"`
	Package         types.String   `tfsdk:"package"`
	Version         types.String   `tfsdk:"version"`
	ResolvedVersion types.String   `tfsdk:"resolved_version"`
	Config          types.String   `tfsdk:"config"`
	Secrets         types.Map      `tfsdk:"secrets_wo"`
	SecretsVersion  types.Int64    `tfsdk:"secrets_wo_version"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
	changeModel
}

// pluginIdentity is the identity of orbit_backstage_plugin.
type pluginIdentity struct {
	Workspace types.String `tfsdk:"workspace"`
	Package   types.String `tfsdk:"package"`
}

func (m *pluginModel) identity() pluginIdentity { return pluginIdentity{m.Workspace, m.Package} }

// spec is what the model declares; known is false as long as a part of it is unknown.
func (m *pluginModel) spec() (spec orbit.PluginSpec, known bool) {
	known = !m.Workspace.IsUnknown() && !m.Package.IsUnknown() && !m.Version.IsUnknown() && !m.Config.IsUnknown() &&
		!m.SecretsVersion.IsUnknown()
	return orbit.PluginSpec{
		Version: m.Version.ValueString(), ResolvedVersion: resolvedRange(m.Version, m.ResolvedVersion),
		Config: m.Config.ValueString(), SecretsVersion: m.SecretsVersion.ValueInt64(),
	}, known
}

// adopt takes over what orbitd has; a document that means the same keeps the user's own formatting.
func (m *pluginModel) adopt(plugin *orbit.Plugin) {
	m.Workspace = types.StringValue(plugin.Workspace)
	m.Package = types.StringValue(plugin.Package)
	m.Version = types.StringValue(plugin.Version)
	m.ResolvedVersion = installedVersion(plugin.PluginSpec)
	m.Config = adoptDocument(m.Config, plugin.Config)
	m.Secrets = types.MapNull(types.StringType)
	m.SecretsVersion = adoptSecretsVersion(plugin.SecretsVersion)
}

// learnVersion takes over after an apply which version orbitd installed. The plugin is nil where it cannot be read now.
func (m *pluginModel) learnVersion(plugin *orbit.Plugin) {
	if m.ResolvedVersion.IsUnknown() && plugin != nil {
		m.ResolvedVersion = installedVersion(plugin.PluginSpec)
	}
	m.ResolvedVersion = knownOrNull(m.ResolvedVersion)
}

// name is how messages call the plugin: "plugin @x/y of acme".
func (m *pluginModel) name() string {
	return "plugin " + m.Package.ValueString() + " of " + m.Workspace.ValueString()
}

// locate says which attribute a finding is about. One about another part of the instance has none here.
func (m *pluginModel) locate(finding orbit.Diagnostic) (path.Path, bool) {
	if finding.Code == orbit.CodeInvalidWorkspace {
		return path.Root("workspace"), true
	}
	if finding.Plugin != m.Package.ValueString() {
		return path.Empty(), false
	}
	switch finding.Code {
	case orbit.CodeInvalidPackage, orbit.CodePackageNotFound, orbit.CodePackageDenied, orbit.CodePackageNotAllowed,
		orbit.CodeWrongRole, orbit.CodeInRelease, orbit.CodePluginOwned, orbit.CodeDuplicatePluginID, orbit.CodeModuleWithoutPlugin:
		return path.Root("package"), true
	default:
		attribute := attributeOf(finding.Code)
		return path.Root(attribute), attribute != ""
	}
}

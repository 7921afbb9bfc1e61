package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// versionText is what a version may be, for people.
const versionText = "Version of the package: exact (`1.2.3`), or a range as npm has it (`^1.2.0`, `~1.2`, `1.x`, `>=1.2.0 <3`). " +
	"A range means the version that orbitd finds when it first plans it for the workspace, and that one ever after, so a plan " +
	"without changes stays one; to move on, write another range or version."

const resolvedVersion = "resolved_version"

func resolvedVersionAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true,
		MarkdownDescription: "The exact version that is installed: `version`, or what the range means. It is known at plan where " +
			"orbitd answers, and what a change costs goes by it: other words for the same version cost nothing.",
	}
}

// keptVersion is the exact version that can be told without orbitd: that of an exact version, and that of the version that
// the state has. Else it is unknown.
func keptVersion(version, versionBefore, resolvedBefore types.String) types.String {
	switch {
	case version.IsUnknown():
		return types.StringUnknown()
	case version.Equal(versionBefore):
		return resolvedBefore
	case declare.IsRange(version.ValueString()):
		return types.StringUnknown()
	default:
		return version
	}
}

// resolvedRange is what a spec has as the resolved version: what a range means, where that is known.
func resolvedRange(version, resolved types.String) string {
	if resolved.Equal(version) {
		return ""
	}
	return resolved.ValueString()
}

// version is the exact version that orbitd tells of a planned plugin; unknown where it does not.
func (o opinion) version(pkg string) types.String {
	if o.result == nil || o.result.ResolvedVersions[pkg] == "" {
		return types.StringUnknown()
	}
	return types.StringValue(o.result.ResolvedVersions[pkg])
}

// reportUnresolved fails the planning of an update whose range nobody resolved, unless this run began as a plan does: what
// a plan knew and its apply does not, Terraform calls a bug.
func (c *connected) reportUnresolved(summary string, told opinion, diags *diag.Diagnostics) {
	if told.result == nil && !c.conn.refreshed.Load() && !diags.HasError() {
		diags.AddError(summary, "orbitd does not answer. The version is another range than before, and what it means is orbitd's "+
			"to say. Nothing was changed; apply again when orbitd is back.")
	}
}

// installedVersion is the exact version of a plugin that orbitd has.
func installedVersion(spec orbit.PluginSpec) types.String { return types.StringValue(spec.Exact()) }

// knownOrNull makes null what an apply could not learn; the next read fills it in.
func knownOrNull(value types.String) types.String {
	if value.IsUnknown() {
		return types.StringNull()
	}
	return value
}

// eachVersion replaces the resolved version of every plugin of the map whose own version is there to be seen.
func (m *instanceModel) eachVersion(resolved func(pkg string, version, now types.String) types.String) {
	if m.Plugins.IsNull() || m.Plugins.IsUnknown() {
		return
	}
	elements := maps.Clone(m.Plugins.Elements())
	for pkg, element := range elements {
		if entry, isObject := element.(types.Object); isObject && !entry.IsNull() && !entry.IsUnknown() {
			attributes := entry.Attributes()
			attributes[resolvedVersion] = resolved(pkg, textOf(attributes["version"]), textOf(attributes[resolvedVersion]))
			elements[pkg] = types.ObjectValueMust(pluginEntryType.AttrTypes, attributes)
		}
	}
	m.Plugins = types.MapValueMust(pluginEntryType, elements)
}

func textOf(value attr.Value) types.String {
	text, _ := value.(types.String)
	return text
}

// keepVersions plans the exact versions that can be told without orbitd.
func (m *instanceModel) keepVersions(prior *instanceModel) {
	before := map[string]map[string]attr.Value{}
	for pkg, element := range prior.Plugins.Elements() {
		if entry, isObject := element.(types.Object); isObject {
			before[pkg] = entry.Attributes()
		}
	}
	m.eachVersion(func(pkg string, version, _ types.String) types.String {
		return keptVersion(version, textOf(before[pkg]["version"]), textOf(before[pkg][resolvedVersion]))
	})
}

// resolve takes over the exact versions that orbitd tells, where none is known.
func (m *instanceModel) resolve(told func(pkg string) types.String) {
	m.eachVersion(func(pkg string, _, now types.String) types.String {
		if now.IsUnknown() {
			return told(pkg)
		}
		return now
	})
}

// unresolved says whether the exact version of a plugin is unknown.
func (m *instanceModel) unresolved() bool {
	unknown := false
	m.eachVersion(func(_ string, _, now types.String) types.String {
		unknown = unknown || now.IsUnknown()
		return now
	})
	return unknown
}

// learnVersions takes over after an apply which versions orbitd installed. The instance is nil where it cannot be read now.
func (m *instanceModel) learnVersions(instance *orbit.Instance) {
	m.resolve(func(pkg string) types.String {
		if instance == nil || instance.Plugins[pkg].Version == "" {
			return types.StringNull()
		}
		return installedVersion(instance.Plugins[pkg])
	})
}

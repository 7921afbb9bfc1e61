package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// instanceModel is orbit_backstage_instance in configuration, plan and state.
type instanceModel struct {
	Workspace          types.String   `tfsdk:"workspace"`
	Release            types.String   `tfsdk:"release"`
	Config             types.String   `tfsdk:"config"`
	Plugins            types.Map      `tfsdk:"plugins"`
	Variables          types.Map      `tfsdk:"variables"`
	Labels             types.Map      `tfsdk:"labels"`
	LabelsAll          types.Map      `tfsdk:"labels_all"`
	LiteralSecrets     types.String   `tfsdk:"literal_secrets"`
	Secrets            types.Map      `tfsdk:"secrets_wo"`
	SecretsVersion     types.Int64    `tfsdk:"secrets_wo_version"`
	UI                 types.Bool     `tfsdk:"ui"`
	BaseURL            types.String   `tfsdk:"base_url"`
	MemoryLimitMiB     types.Int64    `tfsdk:"memory_limit_mib"`
	DeletionProtection types.Bool     `tfsdk:"deletion_protection"`
	RestartPolicy      types.String   `tfsdk:"restart_policy"`
	PendingRestart     types.Bool     `tfsdk:"pending_restart"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
	URL                types.String   `tfsdk:"url"`
	APIURL             types.String   `tfsdk:"api_url"`
	DatabaseName       types.String   `tfsdk:"database_name"`
	changeModel
}

// instanceIdentity is the identity of orbit_backstage_instance.
type instanceIdentity struct {
	Workspace types.String `tfsdk:"workspace"`
}

// pluginEntry is one entry of the plugins map.
type pluginEntry struct {
	Version         types.String `tfsdk:"version"`
	ResolvedVersion types.String `tfsdk:"resolved_version"`
	Config          types.String `tfsdk:"config"`
}

var pluginEntryType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"version": types.StringType, resolvedVersion: types.StringType, "config": types.StringType,
}}

// entries are the map's plugins; known is false where the map itself is unknown.
func (m *instanceModel) entries(ctx context.Context, diags *diag.Diagnostics) (entries map[string]pluginEntry, known bool) {
	if m.Plugins.IsUnknown() {
		return nil, false
	}
	entries = make(map[string]pluginEntry, len(m.Plugins.Elements()))
	for pkg, element := range m.Plugins.Elements() {
		object, isObject := element.(types.Object)
		switch {
		case !isObject || object.IsNull():
			continue // the schema's validator refuses it, and runs after what the resource validates itself
		case object.IsUnknown():
			unknown := types.StringUnknown()
			entries[pkg] = pluginEntry{Version: unknown, ResolvedVersion: unknown, Config: unknown}
			continue
		}
		var entry pluginEntry
		diags.Append(object.As(ctx, &entry, basetypes.ObjectAsOptions{})...)
		entries[pkg] = entry
	}
	return entries, true
}

// locate says which attribute a finding is about. One about a plugin that another resource declares has none here.
func (m *instanceModel) locate(finding orbit.Diagnostic) (path.Path, bool) {
	own := path.Root("plugins").AtMapKey(finding.Plugin)
	if _, isOwn := m.Plugins.Elements()[finding.Plugin]; finding.Plugin != "" && !isOwn {
		return path.Empty(), false
	}
	if entry, is := entryOf(finding); is && finding.Plugin == "" {
		return entry, true
	}
	switch finding.Code {
	case orbit.CodeInvalidWorkspace:
		return path.Root("workspace"), true
	case orbit.CodeUnknownRelease:
		return path.Root("release"), true
	case orbit.CodeRestartForbidden:
		return path.Root("restart_policy"), true
	case orbit.CodeHostTaken:
		return path.Root("base_url"), true
	}
	if finding.Plugin != "" {
		return own, true // Terraform finds no attribute of a map's element; for its config it shows the instance's
	}
	attribute := attributeOf(finding.Code)
	return path.Root(attribute), attribute == "config"
}

// spec is what the model declares; known is false as long as a part of it is unknown that a change could cost something
// for. A label that is not known yet is left out.
func (m *instanceModel) spec(ctx context.Context, diags *diag.Diagnostics) (spec orbit.InstanceSpec, known bool) {
	entries, known := m.entries(ctx, diags)
	variables, variablesKnown := m.variables()
	known = known && variablesKnown && !m.LiteralSecrets.IsUnknown() && !m.Workspace.IsUnknown() && !m.Release.IsUnknown() && !m.Config.IsUnknown() &&
		!m.SecretsVersion.IsUnknown() && !m.MemoryLimitMiB.IsUnknown() && !m.DeletionProtection.IsUnknown() &&
		!m.RestartPolicy.IsUnknown() && !m.UI.IsUnknown() && !m.BaseURL.IsUnknown()
	spec = orbit.InstanceSpec{
		Release:            m.Release.ValueString(),
		Config:             m.Config.ValueString(),
		SecretsVersion:     m.SecretsVersion.ValueInt64(),
		Variables:          variables,
		Labels:             knownLabels(m.LabelsAll),
		LiteralSecrets:     orbit.LiteralSecrets(m.LiteralSecrets.ValueString()),
		UI:                 unlessTrue(m.UI),
		BaseURL:            m.BaseURL.ValueString(),
		MemoryLimitMiB:     int(m.MemoryLimitMiB.ValueInt64()),
		DeletionProtection: m.DeletionProtection.ValueBool(),
		RestartPolicy:      orbit.RestartPolicy(m.RestartPolicy.ValueString()),
	}
	for pkg, entry := range entries {
		if spec.Plugins == nil {
			spec.Plugins = make(map[string]orbit.PluginSpec, len(entries))
		}
		known = known && !entry.Version.IsUnknown() && !entry.Config.IsUnknown()
		spec.Plugins[pkg] = orbit.PluginSpec{
			Version: entry.Version.ValueString(), ResolvedVersion: resolvedRange(entry.Version, entry.ResolvedVersion),
			Config: entry.Config.ValueString(),
		}
	}
	return spec, known
}

// unlessTrue is the value as orbitd keeps it, to which nothing declared is true.
func unlessTrue(value types.Bool) *bool {
	if value.IsNull() || value.ValueBool() {
		return nil
	}
	return value.ValueBoolPointer()
}

// adopt takes over what orbitd has: a declared value only where it means something else than the model's, so that a
// document keeps the user's own formatting.
func (m *instanceModel) adopt(ctx context.Context, instance *orbit.Instance, defaultLabels types.Map, diags *diag.Diagnostics) {
	entries, _ := m.entries(ctx, diags)
	m.Workspace = types.StringValue(instance.Workspace)
	m.Release = types.StringValue(instance.Release)
	m.Config = adoptDocument(m.Config, instance.Config)
	m.Plugins = adoptPlugins(ctx, m.Plugins, entries, instance.Plugins, diags)
	m.Variables = adoptTexts(m.Variables, instance.Variables)
	m.Labels = ownLabels(instance.Labels, defaultLabels, m.Labels, m.LabelsAll)
	m.LabelsAll = textsValue(instance.Labels)
	m.LiteralSecrets = types.StringValue(string(cmp.Or(instance.LiteralSecrets, orbit.LiteralsWarn)))
	m.Secrets = types.MapNull(types.StringType)
	m.SecretsVersion = adoptSecretsVersion(instance.SecretsVersion)
	m.UI = types.BoolValue(instance.HasUI())
	m.BaseURL = orNull(instance.BaseURL)
	m.MemoryLimitMiB = types.Int64Value(int64(instance.MemoryLimitMiB))
	m.DeletionProtection = types.BoolValue(instance.DeletionProtection)
	m.RestartPolicy = types.StringValue(string(cmp.Or(instance.RestartPolicy, orbit.RestartAuto)))
	m.PendingRestart = types.BoolValue(instance.Status.PendingRestart)
	m.adoptComputed(instance)
}

// adoptComputed takes over what orbitd chose.
func (m *instanceModel) adoptComputed(instance *orbit.Instance) {
	m.URL = types.StringValue(instance.URL)
	m.APIURL = types.StringValue(instance.APIURL)
	m.DatabaseName = types.StringValue(instance.DatabaseName)
	m.learnVersions(instance)
}

// forgetUnknown makes null what a create could not learn; the next read fills it in.
func (m *instanceModel) forgetUnknown() {
	for _, value := range []*types.String{&m.URL, &m.APIURL, &m.DatabaseName} {
		*value = knownOrNull(*value)
	}
	m.LabelsAll = textsValue(knownLabels(m.LabelsAll))
	m.learnVersions(nil)
}

func adoptDocument(known types.String, text string) types.String {
	switch {
	case !known.IsNull() && showsDocument(text, known.ValueString()):
		return known
	case known.IsNull() && text == "":
		return types.StringNull()
	default:
		return types.StringValue(text)
	}
}

func adoptPlugins(ctx context.Context, known types.Map, entries map[string]pluginEntry,
	plugins map[string]orbit.PluginSpec, diags *diag.Diagnostics,
) types.Map {
	if len(plugins) == 0 {
		if !known.IsNull() && len(known.Elements()) == 0 {
			return known
		}
		return types.MapNull(pluginEntryType)
	}
	adopted := make(map[string]pluginEntry, len(plugins))
	for pkg, spec := range plugins {
		// The zero types.String is null, so a plugin that is new here takes orbitd's document.
		adopted[pkg] = pluginEntry{
			Version:         types.StringValue(spec.Version),
			ResolvedVersion: installedVersion(spec),
			Config:          adoptDocument(entries[pkg].Config, spec.Config),
		}
	}
	value, problems := types.MapValueFrom(ctx, pluginEntryType, adopted)
	diags.Append(problems...)
	return value
}

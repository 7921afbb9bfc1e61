package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// packageDataModel is the data source orbit_backstage_plugin_package.
type packageDataModel struct {
	Package          types.String        `tfsdk:"package"`
	Version          types.String        `tfsdk:"version"`
	Release          types.String        `tfsdk:"release"`
	ResolvedVersion  types.String        `tfsdk:"resolved_version"`
	Role             types.String        `tfsdk:"role"`
	PluginID         types.String        `tfsdk:"plugin_id"`
	PluginPackage    types.String        `tfsdk:"plugin_package"`
	PluginPackages   []string            `tfsdk:"plugin_packages"`
	Versions         []string            `tfsdk:"versions"`
	LatestVersion    types.String        `tfsdk:"latest_version"`
	Deprecated       types.String        `tfsdk:"deprecated"`
	Requires         *requirementsModel  `tfsdk:"requires"`
	InRelease        types.Bool          `tfsdk:"in_release"`
	NewBackendSystem types.Bool          `tfsdk:"new_backend_system"`
	Proven           *provenPackageModel `tfsdk:"proven"`
}

type requirementsModel struct {
	Node      types.String      `tfsdk:"node"`
	Backstage map[string]string `tfsdk:"backstage"`
	Plugin    types.String      `tfsdk:"plugin"`
}

type provenPackageModel struct {
	Release     types.String  `tfsdk:"release"`
	Version     types.String  `tfsdk:"version"`
	Booted      types.Bool    `tfsdk:"booted"`
	Reason      types.String  `tfsdk:"reason"`
	BootSeconds types.Float64 `tfsdk:"boot_seconds"`
	MemoryMB    types.Float64 `tfsdk:"memory_mb"`
}

// adopt takes over what orbitd tells.
func (m *packageDataModel) adopt(found *orbit.Package) {
	if m.Version.IsNull() {
		m.Version = types.StringValue(found.Version)
	}
	m.Release = types.StringValue(found.Release)
	m.ResolvedVersion = types.StringValue(found.Version)
	m.Role = orNull(found.Role)
	m.PluginID = orNull(found.PluginID)
	m.PluginPackage = orNull(found.PluginPackage)
	m.PluginPackages = append([]string{}, found.PluginPackages...)
	m.Versions = append([]string{}, found.Versions...)
	m.LatestVersion = orNull(found.LatestVersion)
	m.Deprecated = orNull(found.Deprecated)
	m.InRelease = types.BoolValue(found.InRelease)
	m.NewBackendSystem = types.BoolPointerValue(found.NewBackendSystem)
	m.Requires = &requirementsModel{
		Node: orNull(found.Requires.Node), Backstage: found.Requires.Backstage, Plugin: orNull(found.Requires.Plugin),
	}
	if proven := found.Proven; proven != nil {
		m.Proven = &provenPackageModel{
			Release: m.Release, Version: types.StringValue(proven.Version), Booted: types.BoolValue(proven.Booted),
			Reason: orNull(proven.Reason),
		}
		if proven.Booted {
			m.Proven.BootSeconds = types.Float64Value(proven.BootSeconds)
			m.Proven.MemoryMB = types.Float64Value(proven.MemoryMB)
		}
	}
}

// packageAttributes are the arguments that a problem is about.
var packageAttributes = map[orbit.Code]string{ //nolint:gochecknoglobals // a table
	orbit.CodeInvalidPackage: "package", orbit.CodePackageNotFound: "package", orbit.CodePackageDenied: "package",
	orbit.CodePackageNotAllowed: "package", orbit.CodeInvalidVersion: "version", orbit.CodeVersionNotFound: "version",
	orbit.CodeUnknownRelease: "release",
}

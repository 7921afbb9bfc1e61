package provider

import "github.com/orbit-idp/terraform-provider-orbit/internal/declare"

// pluginUpgrades are those of the states of orbit_backstage_plugin.
var pluginUpgrades = upgrades{fillResolvedVersion} //nolint:gochecknoglobals // a table

// fillResolvedVersion gives a plugin of a state of version 0 the exact version that is installed. The first providers did not
// write it: they took exact versions alone.
func fillResolvedVersion(plugin map[string]any) {
	if version, ok := plugin["version"].(string); ok && !declare.IsRange(version) {
		fill(plugin, resolvedVersion, version)
	}
}

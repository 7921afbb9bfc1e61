package provider

import "github.com/orbit-idp/terraform-provider-orbit/orbit"

// instanceUpgrades are those of the states of orbit_backstage_instance.
var instanceUpgrades = upgrades{instanceFrom0} //nolint:gochecknoglobals // a table

// instanceFrom0 gives a state what the first providers did not know: without it, their states would plan the defaults of
// what was added since as a change.
func instanceFrom0(state map[string]any) {
	fill(state, "literal_secrets", string(orbit.LiteralsWarn))
	fill(state, "restart_policy", string(orbit.RestartAuto))
	fill(state, "pending_restart", false)
	fill(state, "ui", true)
	plugins, _ := state["plugins"].(map[string]any)
	for _, entry := range plugins {
		if plugin, ok := entry.(map[string]any); ok {
			fillResolvedVersion(plugin)
		}
	}
}

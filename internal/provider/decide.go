package provider

import (
	"fmt"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// decideInstance is what a change of an instance costs, as far as the instance alone can tell; before is nil at create.
// The names are those of the configured secrets. A secret that no document of the instance refers to can only be there
// for plugins that are declared elsewhere, so when the secrets change, these restart.
func decideInstance(before *orbit.InstanceSpec, after orbit.InstanceSpec, secretNames []string) changeplan.Decision {
	next := withSecrets(after)
	if before == nil {
		return changeplan.Decide(changeplan.State{}, next)
	}
	decision := changeplan.Decide(withSecrets(*before), next)
	if before.SecretsVersion == after.SecretsVersion {
		return decision
	}
	referred := next.ReferredSecrets()
	elsewhere := slices.DeleteFunc(slices.Sorted(slices.Values(secretNames)), func(name string) bool {
		return slices.Contains(referred, name)
	})
	if len(elsewhere) == 0 {
		return decision
	}
	decision.Impact = orbit.MaxImpact(decision.Impact, orbit.ImpactRestart)
	decision.Reasons = append(decision.Reasons, orbit.Reason{
		Path: "secrets_wo_version", Impact: orbit.ImpactRestart, Because: fmt.Sprintf("plugins declared elsewhere may "+
			"refer to %s, and a process reads their documents when it starts", strings.Join(elsewhere, ", ")),
	})
	return decision
}

// withSecrets takes every secret that a document refers to for a defined one: a state keeps no names, and names that come
// from an ephemeral value may be known at apply only, where a decision must not move any more.
func withSecrets(spec orbit.InstanceSpec) changeplan.State {
	state, _ := changeplan.FromSpec(spec, nil)
	state.Secrets, state.OneVersion = changeplan.SecretTokens(spec.SecretsVersion, state.ReferredSecrets()), true
	return state
}

// decidePlugin is what a change of a plugin costs, as far as the plugin alone can tell; before is nil at create.
func decidePlugin(pkg string, before *orbit.PluginSpec, after orbit.PluginSpec) changeplan.Decision {
	var prior *changeplan.Plugin
	if before != nil {
		plugin, _ := changeplan.FromPluginSpec(pkg, *before)
		prior = &plugin
	}
	next, _ := changeplan.FromPluginSpec(pkg, after)
	return changeplan.DecidePlugin(pkg, prior, &next)
}

package provider

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// decideInstance is what a change of an instance costs, as far as the instance alone can tell; before is nil at create.
// The names are those of the configured secrets. A secret that no document of the instance refers to can only be there
// for plugins that are declared elsewhere, so when the secrets change, these restart. So it is with variables.
func decideInstance(before *orbit.InstanceSpec, after orbit.InstanceSpec, secretNames []string, told sides) changeplan.Decision {
	next := withSecrets(after).WithSides(told)
	if before == nil {
		return changeplan.Decide(changeplan.State{}, next)
	}
	decision := changeplan.Decide(withSecrets(*before).WithSides(told), next)
	if before.SecretsVersion != after.SecretsVersion {
		decision = readElsewhere(decision, "secrets_wo_version", slices.Sorted(slices.Values(secretNames)), next)
	}
	return readElsewhere(decision, "variables", changedVariables(before.Variables, after.Variables), next)
}

// changedVariables are the names, sorted, of those that had another value before, or one at all.
func changedVariables(before, after map[string]string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(before)), func(name string) bool {
		value, stays := after[name]
		return stays && value == before[name]
	})
}

// readElsewhere adds the cost of changed names that the instance's own documents do not refer to.
func readElsewhere(decision changeplan.Decision, attribute string, changed []string, next changeplan.State) changeplan.Decision {
	referred := next.ReferredSecrets()
	elsewhere := slices.DeleteFunc(changed, func(name string) bool { return slices.Contains(referred, name) })
	if len(elsewhere) == 0 {
		return decision
	}
	decision.Impact = orbit.MaxImpact(decision.Impact, orbit.ImpactRestart)
	decision.Reasons = append(decision.Reasons, orbit.Reason{
		Path: attribute, Impact: orbit.ImpactRestart, Because: fmt.Sprintf("plugins declared elsewhere may "+
			"refer to %s, and a process reads their documents when it starts", strings.Join(elsewhere, ", ")),
	})
	return decision
}

// withSecrets takes every secret that a document refers to for a defined one: a state keeps no names, and names that come
// from an ephemeral value may be known at apply only, where a decision must not move any more.
func withSecrets(spec orbit.InstanceSpec) changeplan.State {
	state, _ := changeplan.FromSpec(spec, nil)
	secrets := slices.DeleteFunc(state.ReferredSecrets(), func(name string) bool {
		_, is := spec.Variables[name]
		return is
	})
	state.Secrets, state.OneVersion = changeplan.SecretTokens(spec.SecretsVersion, secrets), true
	return state
}

// decidePlugin is what a change of a plugin costs, as far as the plugin alone can tell; before is nil at create. With
// another secrets_wo_version every name that its document refers to may stand for another value: a state does not keep
// which of them are the plugin's own.
func decidePlugin(pkg string, before *orbit.PluginSpec, after orbit.PluginSpec, told sides) changeplan.Decision {
	read := func(spec orbit.PluginSpec) *changeplan.Plugin {
		plugin, _ := changeplan.FromPluginSpec(pkg, spec)
		plugin.Side = cmp.Or(told[pkg], plugin.Side)
		plugin.Secrets = changeplan.SecretTokens(spec.SecretsVersion, plugin.Config.Value().Names())
		return &plugin
	}
	if before == nil {
		return changeplan.DecidePlugin(pkg, nil, read(after))
	}
	return changeplan.DecidePlugin(pkg, read(*before), read(after))
}

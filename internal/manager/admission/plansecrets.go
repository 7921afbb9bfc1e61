package admission

import (
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// plannedSecrets are the revisions of a set of secrets after a write that leaves it with these names. Where the secrets'
// version moved every value may have.
func plannedSecrets(declared store.Given, stored map[string]int64, moved bool, names []string) map[string]int64 {
	revisions := make(map[string]int64, len(names))
	for _, name := range names {
		revision, known := stored[name]
		if moved || !known {
			revision = declared.Generation + 1
		}
		revisions[name] = revision
	}
	return revisions
}

// planPluginSecrets gives the plugin the secrets that its write would leave it with.
func planPluginSecrets(after *store.Given, declared store.Given, plugin orbit.PluginPlan, names []string) {
	if after.PluginSecrets == nil {
		after.PluginSecrets = map[string]store.OwnSecrets{}
	}
	stored := declared.PluginSecrets[plugin.Package]
	moved := plugin.SecretsVersion != declared.Plugins[plugin.Package].SecretsVersion
	stored.Revisions = plannedSecrets(declared, stored.Revisions, moved, names)
	after.PluginSecrets[plugin.Package] = stored
}

// checkSecretNames checks the names of a write's secrets.
func checkSecretNames(secrets map[string]string) []orbit.Diagnostic {
	var found []orbit.Diagnostic
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		found = append(found, declare.SecretName(name)...)
	}
	return found
}

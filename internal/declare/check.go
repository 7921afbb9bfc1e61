package declare

import (
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Names says which secrets, or which names at all, are defined; nil means that it is not known.
type Names []string

// Instance checks what an instance declares, as far as that can be told from it alone: names, labels, versions, bounds,
// documents, keys that the manager owns, and conflicts between its own plugins. With secrets given it also checks that
// every reference in its documents is defined.
func Instance(workspace string, spec orbit.InstanceSpec, secrets Names) []orbit.Diagnostic {
	diagnostics := Workspace(workspace)
	if spec.MemoryLimitMiB < orbit.MinMemoryLimitMiB || spec.MemoryLimitMiB > orbit.MaxMemoryLimitMiB {
		diagnostics = append(diagnostics, problem(orbit.CodeInvalidRequest, "memory_limit_mib", "the memory limit is %d MiB, it has to be from %d to %d",
			spec.MemoryLimitMiB, orbit.MinMemoryLimitMiB, orbit.MaxMemoryLimitMiB)...)
	}
	if !spec.RestartPolicy.Valid() {
		diagnostics = append(diagnostics, problem(orbit.CodeInvalidRequest, "restart_policy", "the restart policy is %q, it has to be %s, %s or %s",
			spec.RestartPolicy, orbit.RestartAuto, orbit.RestartManual, orbit.RestartForbid)...)
	}
	diagnostics = append(diagnostics, BaseURL(spec.BaseURL)...)
	diagnostics = append(diagnostics, Labels(spec.Labels)...)
	for _, name := range secrets {
		diagnostics = append(diagnostics, SecretName(name)...)
	}
	diagnostics = append(diagnostics, LiteralSecrets(spec.LiteralSecrets)...)
	diagnostics = append(diagnostics, Variables(spec.Variables, secrets)...)
	defined := secrets.With(spec.Variables)
	diagnostics = append(diagnostics, Document(spec.Config, defined)...)
	fragments := map[string]appconfig.Document{}
	for _, name := range slices.Sorted(maps.Keys(spec.Plugins)) {
		plugin := spec.Plugins[name]
		diagnostics = append(diagnostics, Plugin(name, plugin, defined)...)
		fragments[name], _ = appconfig.Parse(plugin.Config)
	}
	return append(diagnostics, Conflicts(workspace, fragments, All)...)
}

// Plugin checks what a plugin declares, as far as that can be told from it alone. The names are those
// that its document may refer to: its own secrets, and its instance's secrets and variables.
func Plugin(name string, spec orbit.PluginSpec, defined Names) []orbit.Diagnostic {
	diagnostics := append(Package(name), Version(spec.Version)...)
	diagnostics = append(diagnostics, Document(spec.Config, defined)...)
	for i := range diagnostics {
		diagnostics[i].Plugin = name
	}
	return diagnostics
}

// Document checks one app-config document, with the names that it may refer to.
func Document(text string, defined Names) []orbit.Diagnostic {
	document, diagnostics := appconfig.Parse(text)
	diagnostics = append(diagnostics, document.CheckOwned()...)
	diagnostics = append(diagnostics, unscoped(document)...)
	if defined == nil {
		return diagnostics
	}
	return append(diagnostics, document.CheckReferences(func(name string) bool { return slices.Contains(defined, name) })...)
}

package declare

import (
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Set checks how an instance's document and the fragments of all its plugins, whoever declared them, fit together:
// references to secrets that are not defined, and fragments that set one path to different values.
func Set(config appconfig.Document, fragments map[string]appconfig.Document, secrets Names) []orbit.Diagnostic {
	defined := func(name string) bool { return slices.Contains(secrets, name) }
	diagnostics := config.CheckReferences(defined)
	for _, name := range slices.Sorted(maps.Keys(fragments)) {
		for _, d := range fragments[name].CheckReferences(defined) {
			d.Plugin = name
			diagnostics = append(diagnostics, d)
		}
	}
	return append(diagnostics, appconfig.Conflicts(fragments)...)
}

package declare

import (
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Whole is what is declared about a workspace, by whichever resources.
type Whole struct {
	Workspace string
	// Config is the instance's own document, Fragments those of all plugins by package.
	Config    appconfig.Document
	Fragments map[string]appconfig.Document
	// InMap says of a package whether the instance's plugins map has it.
	InMap func(name string) bool
	// Secrets and Variables are the instance's; PluginSecrets those that plugins have of their own, by package.
	Secrets       Names
	Variables     map[string]string
	PluginSecrets map[string]Names
}

// Set checks how an instance's document and the fragments of all its plugins fit together: names that are a secret and a
// variable, references to names that are not defined, and fragments that set one path to different values.
func Set(w Whole) []orbit.Diagnostic {
	names := append(Names{}, w.Secrets...).With(w.Variables)
	defined := func(name string) bool { return slices.Contains(names, name) }
	diagnostics := append(Variables(w.Variables, w.Secrets), w.Config.CheckReferences(defined)...)
	fragments := make(map[string]appconfig.Document, len(w.Fragments))
	for _, name := range slices.Sorted(maps.Keys(w.Fragments)) {
		own := func(secret string) bool { return slices.Contains(w.PluginSecrets[name], secret) }
		for _, d := range w.Fragments[name].CheckReferences(func(name string) bool { return own(name) || defined(name) }) {
			d.Plugin = name
			diagnostics = append(diagnostics, d)
		}
		fragments[name] = w.Fragments[name].Scoped(name, own)
	}
	return append(diagnostics, Conflicts(w.Workspace, fragments, w.InMap)...)
}

package changeplan

import (
	"maps"
	"slices"
	"strconv"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// State is everything about an instance that a change can move. The zero State is an instance that does not exist.
type State struct {
	Release        string
	MemoryLimitMiB int
	// NoUI says that the instance serves no web app.
	NoUI bool
	// BaseURL is the instance's own domain, "" when it has none.
	BaseURL string
	// Config is the instance's own document.
	Config appconfig.Document
	// Plugins are the instance's plugins by package name, whoever declared them.
	Plugins map[string]Plugin
	// Secrets gives each defined secret a token that changes whenever its value does, never the value itself. Nil means
	// that it is not known which are defined.
	Secrets map[string]string
	// Variables are the plain values behind references, by name.
	Variables map[string]string
	// OneVersion says that the tokens are one version of all secrets, as SecretTokens makes them for the provider: that it
	// moved means that a value may have, not that it did.
	OneVersion bool
}

// Plugin is a plugin of a State.
type Plugin struct {
	// Version is the one that is installed; a range that nobody resolved yet stands for itself.
	Version string
	// Side is the part of the instance that it belongs to.
	Side   Side
	Config appconfig.Document
	// Secrets are the tokens of the plugin's own secrets, as in State. Its Config refers to them before those of the
	// instance, and nothing else does.
	Secrets map[string]string
}

// Side is the part of an instance that a plugin belongs to. A change of a plugin whose side nobody has told costs no less than
// it does on either.
type Side string

const (
	// SideUntold is that of a plugin of which it is not known.
	SideUntold Side = ""
	// SideBackend is that of a plugin that a process loads, and whose code meets the database.
	SideBackend Side = "backend"
	// SideFrontend is that of a part of the web app, which no database meets.
	SideFrontend Side = "frontend"
)

// sideOf is the side of a plugin as far as its spec and its name tell.
func sideOf(name string, spec orbit.PluginSpec) Side {
	switch {
	case spec.Frontend:
		return SideFrontend
	case declare.OfBackend(name):
		return SideBackend
	default:
		return SideUntold
	}
}

// WithSides is the state with the sides of those of its plugins that are told, by package.
func (s State) WithSides(told map[string]Side) State {
	s.Plugins = maps.Clone(s.Plugins)
	for name, plugin := range s.Plugins {
		if side, is := told[name]; is {
			plugin.Side = side
			s.Plugins[name] = plugin
		}
	}
	return s
}

// FromSpec reads what an instance declares. Secrets are as in State. The diagnostics are those of reading the
// documents; Diagnostic.Plugin says whose. With an error among them the State is incomplete.
func FromSpec(spec orbit.InstanceSpec, secrets map[string]string) (State, []orbit.Diagnostic) {
	config, diagnostics := appconfig.Parse(spec.Config)
	state := State{
		Release: spec.Release, MemoryLimitMiB: spec.MemoryLimitMiB, NoUI: !spec.HasUI(), BaseURL: spec.BaseURL, Config: config, Secrets: secrets,
		Variables: spec.Variables, Plugins: make(map[string]Plugin, len(spec.Plugins)),
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Plugins)) {
		plugin, found := FromPluginSpec(name, spec.Plugins[name])
		state.Plugins[name] = plugin
		diagnostics = append(diagnostics, found...)
	}
	return state, diagnostics
}

// FromPluginSpec reads what a plugin declares.
func FromPluginSpec(name string, spec orbit.PluginSpec) (Plugin, []orbit.Diagnostic) {
	config, diagnostics := appconfig.Parse(spec.Config)
	for i := range diagnostics {
		diagnostics[i].Plugin = name
	}
	return Plugin{Version: spec.Exact(), Side: sideOf(name, spec), Config: config}, diagnostics
}

// SecretTokens are the State.Secrets of a writer who knows the secrets' names and one version for all of them, as the
// provider does: values are write-only there.
func SecretTokens(version int64, names []string) map[string]string {
	tokens := make(map[string]string, len(names))
	for _, name := range names {
		tokens[name] = strconv.FormatInt(version, 10)
	}
	return tokens
}

// ReferredSecrets are the names that the state's documents refer to, sorted. The provider takes them for the names of a
// prior state, which does not keep any: every reference in it was defined when it was applied.
func (s State) ReferredSecrets() []string {
	names := map[string]bool{}
	for _, document := range append(slices.Collect(maps.Values(s.Fragments())), s.Config) {
		for _, name := range document.Value().Names() {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Effective is the app-config that the state comes to without the manager's own keys: the plugins' fragments over the
// instance's document, references unreplaced; those to a plugin's own secrets are scoped names.
func (s State) Effective() appconfig.Document {
	settle := func(document appconfig.Document) appconfig.Document {
		if s.Secrets == nil {
			return document
		}
		return document.WithoutUndefined(func(name string) bool {
			_, ok := s.token(name)
			return ok
		})
	}
	fragments := make(map[string]appconfig.Document, len(s.Plugins))
	for name, plugin := range s.Plugins {
		fragments[name] = settle(plugin.scoped(name))
	}
	return appconfig.LayerFragments(settle(s.Config), fragments)
}

// marked is the effective app-config with the tokens of secrets and variables in it, so that a change of one is a change
// of every string that refers to it.
func (s State) marked() appconfig.Document {
	return s.Effective().WithVersions(func(name string) string {
		token, _ := s.token(name)
		return token
	})
}

// Fragments are the documents of the plugins by package name.
func (s State) Fragments() map[string]appconfig.Document {
	fragments := make(map[string]appconfig.Document, len(s.Plugins))
	for name, plugin := range s.Plugins {
		fragments[name] = plugin.Config
	}
	return fragments
}

// exists tells a declared instance from none.
func (s State) exists() bool {
	return s.Release != "" || s.MemoryLimitMiB != 0 || !s.Config.IsEmpty() || len(s.Plugins) > 0
}

package vetting

import (
	"maps"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Literals are the values that stand in the documents where a schema says that a secret does: they are to be masked like
// secrets. Nobody is asked for it: where the schemas are not known there are none.
func (v Vetting) Literals(given store.Given) []string {
	schemas, found := v.known(given)
	if !found {
		return nil
	}
	state, err := given.State()
	if err != nil {
		return nil
	}
	return values(schemas.LiteralSecrets(state.Effective()))
}

// known are the schemas of all that is given, or at least the release's own.
func (v Vetting) known(given store.Given) (configschema.Set, bool) {
	if schemas, found := v.Packages.KnownSchemas(given.Spec.Release, given.Packages()); found {
		return schemas, true
	}
	return v.Packages.KnownSchemas(given.Spec.Release, nil)
}

func values(literals []configschema.Literal) []string {
	values := make([]string, len(literals))
	for i, literal := range literals {
		values[i] = literal.Value
	}
	return values
}

// Masked is what is given with *** in the place of such values. A document that has one is written anew, as JSON.
func (v Vetting) Masked(given store.Given) store.Given {
	schemas, found := v.known(given)
	if !found {
		return given
	}
	mask := func(text string) string {
		document, faults := appconfig.Parse(text)
		literals := schemas.LiteralSecrets(document)
		if orbit.HasErrors(faults) || len(literals) == 0 {
			return text
		}
		paths := make([]appconfig.Path, len(literals))
		for i, literal := range literals {
			paths[i] = literal.Path
		}
		return string(document.Masked(paths...).JSON())
	}
	given.Spec.Config = mask(given.Spec.Config)
	given.Spec.Plugins, given.Plugins = masked(given.Spec.Plugins, mask), masked(given.Plugins, mask)
	return given
}

func masked(plugins map[string]orbit.PluginSpec, mask func(string) string) map[string]orbit.PluginSpec {
	plugins = maps.Clone(plugins)
	for name, plugin := range plugins {
		plugin.Config = mask(plugin.Config)
		plugins[name] = plugin
	}
	return plugins
}

package changeplan

import (
	"maps"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// LivePart is what the process of before may run with when nothing of after that costs a restart may reach it: before,
// with those parts of after's app-config that a running process takes up. Its Config is the whole app-config; what of it
// is a plugin's own is in that plugin's too, so that it is known what goes with a plugin that is removed.
//
// A live part that refers to a secret that changed stays as it was: a process has one set of secrets, and other parts
// of the app-config may refer to the same one.
func LivePart(before, after State) State {
	c := newComparison(before, after)
	part := State{
		Release: before.Release, MemoryLimitMiB: before.MemoryLimitMiB, Secrets: before.Secrets, Config: c.plainBefore,
		Plugins: make(map[string]Plugin, len(before.Plugins)),
	}
	maps.Copy(part.Plugins, before.Plugins)
	for _, f := range c.findings() {
		value := c.plainAfter.At(f.path)
		if f.impact != orbit.ImpactLive || !c.sameSecrets(value) {
			continue
		}
		part.Config = part.Config.With(f.path, value)
		for name, plugin := range part.Plugins {
			own := after.Plugins[name].Config.At(f.path)
			if own.Kind() != appconfig.Missing || plugin.Config.At(f.path).Kind() != appconfig.Missing {
				plugin.Config = plugin.Config.With(f.path, own)
				part.Plugins[name] = plugin
			}
		}
	}
	return part
}

// sameSecrets says whether the value refers to no secret that changed.
func (c *comparison) sameSecrets(value appconfig.Value) bool {
	for _, name := range value.Names() {
		if c.before.Secrets[name] != c.after.Secrets[name] {
			return false
		}
	}
	return true
}

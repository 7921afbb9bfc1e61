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
// A live part that refers to a secret or a variable that changed stays as it was: a process has one set of them, and other
// parts of the app-config may refer to the same one.
func LivePart(before, after State) State {
	c := newComparison(before, after)
	part := State{
		Release: before.Release, MemoryLimitMiB: before.MemoryLimitMiB, NoUI: before.NoUI, BaseURL: before.BaseURL, Secrets: before.Secrets, Variables: before.Variables,
		Config:  c.plainBefore,
		Plugins: make(map[string]Plugin, len(before.Plugins)),
	}
	maps.Copy(part.Plugins, before.Plugins)
	for _, f := range c.findings() {
		value := c.plainAfter.At(f.path)
		if f.impact != orbit.ImpactLive || !c.sameValues(value) || c.rescoped(f.path) {
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

// sameValues says whether the value refers to no secret and no variable that changed.
func (c *comparison) sameValues(value appconfig.Value) bool {
	for _, name := range value.Names() {
		if !c.sameToken(name) {
			return false
		}
	}
	return true
}

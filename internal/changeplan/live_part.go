package changeplan

import (
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// LivePart is what the process of before may run with when nothing of after that costs a restart may reach it: before,
// with those parts of after's app-config that a running process takes up. Its Config is the whole app-config; its
// plugins have none of their own.
//
// A live part that refers to a secret that changed stays as it was: a process has one set of secrets, and other parts
// of the app-config may refer to the same one.
func LivePart(before, after State) State {
	c := newComparison(before, after)
	part := State{
		Release: before.Release, MemoryLimitMiB: before.MemoryLimitMiB, Secrets: before.Secrets, Config: c.plainBefore,
		Plugins: make(map[string]Plugin, len(before.Plugins)),
	}
	for name, plugin := range before.Plugins {
		part.Plugins[name] = Plugin{Version: plugin.Version}
	}
	for _, f := range c.findings() {
		value := c.plainAfter.At(f.path)
		if f.impact == orbit.ImpactLive && c.sameSecrets(value) {
			part.Config = part.Config.With(f.path, value)
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

package changeplan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Decision is what a change costs and why. Equal inputs give equal decisions.
type Decision struct {
	Impact orbit.Impact
	// Reasons are sorted by path. Each has the impact of its part alone; a part that costs nothing has none.
	Reasons []orbit.Reason
}

// Decide compares an instance as it is with how it is to be.
//
// Creating an instance costs none: nothing runs yet that could be interrupted. So does deleting it. Both carry one
// reason with the path "instance".
func Decide(before, after State) Decision {
	switch {
	case !before.exists() && !after.exists():
		return decision(nil)
	case !before.exists():
		return decision([]orbit.Reason{{Path: "instance", Impact: orbit.ImpactNone,
			Because: "it is new, and nothing runs yet that could be interrupted"}})
	case !after.exists():
		return decision([]orbit.Reason{{Path: "instance", Impact: orbit.ImpactNone,
			Because: "it is deleted, and nothing is left that could be interrupted"}})
	}
	var reasons []orbit.Reason
	if before.Release != after.Release {
		reasons = append(reasons, orbit.Reason{Path: "release", Impact: orbit.ImpactUpgrade,
			Because: fmt.Sprintf("it changed from %s to %s, and code of another version meets the database", before.Release, after.Release)})
	}
	if before.MemoryLimitMiB != after.MemoryLimitMiB {
		reasons = append(reasons, orbit.Reason{Path: "memory_limit_mib", Impact: orbit.ImpactRestart,
			Because: fmt.Sprintf("it changed from %d to %d, and a process gets its limit when it starts", before.MemoryLimitMiB, after.MemoryLimitMiB)})
	}
	if before.NoUI != after.NoUI {
		reasons = append(reasons, orbit.Reason{Path: "ui", Impact: orbit.ImpactRestart,
			Because: fmt.Sprintf("it changed from %t to %t, and a process is told when it starts whether it serves the web app", !before.NoUI, !after.NoUI)})
	}
	if before.BaseURL != after.BaseURL {
		reasons = append(reasons, orbit.Reason{Path: "base_url", Impact: orbit.ImpactRestart,
			Because: "it changed, and a process is told its URL when it starts"})
	}
	reasons = append(reasons, comparePlugins(before.Plugins, after.Plugins)...)
	return decision(append(reasons, compareConfigs(before, after)...))
}

// DecidePlugin compares one plugin alone, nil where there is none. It is what a plugin's own resource knows: that the
// instance runs, and nothing else about it. The plugin's Secrets are the tokens of all names that its document refers to,
// since it does not know either which of them are its own; they are one version, as in State.OneVersion.
func DecidePlugin(name string, before, after *Plugin) Decision {
	state := func(plugin *Plugin) State {
		state := State{Release: "any"}
		if plugin != nil {
			state.Plugins = map[string]Plugin{name: {Version: plugin.Version, Side: plugin.Side, Config: plugin.Config}}
			state.Secrets, state.OneVersion = plugin.Secrets, true
		}
		return state
	}
	return Decide(state(before), state(after))
}

// MaxImpact is what the write of a change that was planned as planned may cost without breaking the plan's promise. It
// is the planned impact, except that a plugin declared elsewhere can refer to a secret or variable too, which nobody sees who
// knows one resource alone: where one changed, a restart is within the promise.
func MaxImpact(planned Decision, before, after State) orbit.Impact {
	if before.exists() && !(maps.Equal(before.Secrets, after.Secrets) && maps.Equal(before.Variables, after.Variables)) {
		return orbit.MaxImpact(planned.Impact, orbit.ImpactRestart)
	}
	return planned.Impact
}

func decision(reasons []orbit.Reason) Decision {
	slices.SortFunc(reasons, func(a, b orbit.Reason) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Because, b.Because))
	})
	d := Decision{Impact: orbit.ImpactNone, Reasons: slices.Compact(reasons)}
	for _, reason := range d.Reasons {
		d.Impact = orbit.MaxImpact(d.Impact, reason.Impact)
	}
	return d
}

func comparePlugins(before, after map[string]Plugin) []orbit.Reason {
	var reasons []orbit.Reason
	for name, old := range before {
		path := appconfig.Keys("plugins", name)
		switch plugin, ok := after[name]; {
		case !ok:
			reasons = append(reasons, orbit.Reason{Path: path.String(), Impact: orbit.ImpactRestart,
				Because: "it was removed, and " + atStart[old.Side]})
		case plugin.Version != old.Version:
			reasons = append(reasons, compareVersions(path.Child(appconfig.Key("version")), old, plugin))
		}
	}
	for name, plugin := range after {
		if _, ok := before[name]; ok {
			continue
		}
		reason := orbit.Reason{Path: appconfig.Keys("plugins", name).String(), Impact: orbit.ImpactRestart,
			Because: "it was added, and " + atStart[plugin.Side]}
		if isModule(name) {
			reason.Impact = orbit.ImpactUpgrade
			reason.Because = "it was added, and a module changes the code that meets its plugin's part of the database"
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

// atStart is why a plugin of a side comes and goes with a restart.
var atStart = map[Side]string{
	SideBackend:  "a process loads its plugins when it starts",
	SideFrontend: "a process is told when it starts which web app it serves",
	SideUntold:   "a process loads its plugins, and is told which web app it serves, when it starts",
}

func compareVersions(path appconfig.Path, before, after Plugin) orbit.Reason {
	reason := orbit.Reason{Path: path.String(), Impact: orbit.ImpactUpgrade}
	why := "code of another version meets the database"
	switch {
	case before.Side == SideFrontend && after.Side == SideFrontend:
		reason.Impact, why = orbit.ImpactRestart, atStart[SideFrontend]
	case before.Side != SideBackend && after.Side != SideBackend:
		why += ", unless it is a part of the web app"
	}
	reason.Because = fmt.Sprintf("it changed from %s to %s, and %s", before.Version, after.Version, why)
	return reason
}

// isModule tells a module, which extends another plugin and works on that one's part of the database, by the name that
// Backstage's naming rule gives it: plugin-<id>-backend-module-<name>. The registry knows better, but not at plan.
func isModule(name string) bool { return strings.Contains(name, "-backend-module-") }

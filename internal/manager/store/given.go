package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Given is everything declared about an instance at one moment: what a process is started with. It holds no secret,
// only which set they come from.
type Given struct {
	Generation int64              `json:"generation"`
	Spec       orbit.InstanceSpec `json:"spec"`
	// Plugins are those with a resource of their own; the instance's own are in Spec.
	Plugins   map[string]orbit.PluginSpec `json:"plugins,omitempty"`
	SecretSet int64                       `json:"secret_set"`
	// SecretRevisions tell by name which value a secret has.
	SecretRevisions map[string]int64 `json:"secret_revisions,omitempty"`
	// PluginSecrets are the own secrets of those plugins that have any, by package.
	PluginSecrets map[string]OwnSecrets `json:"plugin_secrets,omitempty"`
	// URL is where the gateway reached the instance when its process started; nobody declares it.
	URL string `json:"url,omitempty"`
	// App is the hash of the web app that its process serves, "" for none; nobody declares it.
	App string `json:"app,omitempty"`
	// EarlierApp is the hash of the other app that was served before, "" for none. Browsers that still have it open load
	// the rest of it.
	EarlierApp string `json:"earlier_app,omitempty"`
}

// Declared returns everything that is declared about a workspace now, or ErrNotFound.
func (q queries) Declared(ctx context.Context, workspace string) (Given, error) {
	seen, err := q.look(ctx, workspace)
	return seen.Declared, err
}

// State is what changeplan compares. What is stored was accepted, so a document that does not parse is a fault.
func (g Given) State() (changeplan.State, error) {
	state, diagnostics := changeplan.FromSpec(g.Spec, tokens(g.SecretRevisions))
	for name, spec := range g.Plugins {
		plugin, found := changeplan.FromPluginSpec(name, spec)
		plugin.Secrets = tokens(g.PluginSecrets[name].Revisions)
		state.Plugins[name] = plugin
		diagnostics = append(diagnostics, found...)
	}
	for name, plugin := range state.Plugins {
		if plugin.Side == changeplan.SideUntold { // a process loads what is not known to be a part of the web app
			plugin.Side = changeplan.SideBackend
			state.Plugins[name] = plugin
		}
	}
	for _, d := range diagnostics {
		if d.Severity == orbit.SeverityError {
			return state, fmt.Errorf("read what is stored: %s", d)
		}
	}
	return state, nil
}

// In is what is given as a process that runs already has it: with what it was told when it started, and nobody declares.
func (g Given) In(running Given) Given {
	g.URL, g.App, g.EarlierApp = running.URL, running.App, running.EarlierApp
	return g
}

// Packages are the plugins that a process loads, with the versions that are installed, whichever resource declared them.
func (g Given) Packages() map[string]string { return g.versions(false) }

// FrontendPackages are the plugins that are a part of the web app, likewise.
func (g Given) FrontendPackages() map[string]string { return g.versions(true) }

func (g Given) versions(frontend bool) map[string]string {
	versions := make(map[string]string, len(g.Plugins)+len(g.Spec.Plugins))
	for _, plugins := range []map[string]orbit.PluginSpec{g.Spec.Plugins, g.Plugins} {
		for name, p := range plugins {
			if p.Frontend == frontend {
				versions[name] = p.Exact()
			}
		}
	}
	return versions
}

// Without is what was declared before the given changes, the newest of all there are, oldest first.
func (q queries) Without(ctx context.Context, given Given, workspace string, newest []Change) (Given, error) {
	given.Plugins, given.PluginSecrets = maps.Clone(given.Plugins), maps.Clone(given.PluginSecrets)
	for _, c := range slices.Backward(newest) {
		given.Generation = c.Generation - 1
		switch {
		case c.Operation == orbit.OperationRestart:
		case c.Plugin != "" && c.Previous == nil:
			delete(given.Plugins, c.Plugin)
			delete(given.PluginSecrets, c.Plugin)
		case c.Plugin != "":
			given.Plugins[c.Plugin] = *c.Previous.Plugin
			if err := q.setPluginSecrets(ctx, &given, workspace, c.Plugin, c.Previous.SecretSet); err != nil {
				return Given{}, err
			}
		case c.Previous == nil:
			return Given{}, fmt.Errorf("before change %s there was no instance %s", c.ID, workspace)
		default:
			given.Spec, given.SecretSet = *c.Previous.Instance, c.Previous.SecretSet
			revisions, err := q.revisions(ctx, workspace, given.SecretSet)
			if err != nil {
				return Given{}, err
			}
			given.SecretRevisions = revisions
		}
	}
	return given, nil
}

// LivePart is what the process that runs with g may run with when next is declared and nothing that costs a restart may
// reach it; see changeplan.LivePart. Next's generation is its generation.
func (g Given) LivePart(next Given) (Given, error) {
	before, err := g.State()
	if err != nil {
		return Given{}, err
	}
	after, err := next.State()
	if err != nil {
		return Given{}, err
	}
	part := next
	part.Spec.Release, part.Spec.MemoryLimitMiB = g.Spec.Release, g.Spec.MemoryLimitMiB
	part.Spec.UI, part.Spec.BaseURL = g.Spec.UI, g.Spec.BaseURL
	live := changeplan.LivePart(before, after)
	part.Spec.Config = string(live.Config.JSON())
	part.Spec.Plugins, part.Plugins = written(live, g.Spec.Plugins), written(live, g.Plugins)
	part.SecretSet, part.SecretRevisions = g.SecretSet, g.SecretRevisions
	part.Spec.Variables, part.PluginSecrets = g.Spec.Variables, g.PluginSecrets
	return part, nil
}

// written are the plugins as the state has them.
func written(state changeplan.State, plugins map[string]orbit.PluginSpec) map[string]orbit.PluginSpec {
	specs := make(map[string]orbit.PluginSpec, len(plugins))
	for name, spec := range plugins {
		spec.Config = string(state.Plugins[name].Config.JSON())
		specs[name] = spec
	}
	return specs
}

// revisions tell by name which value each secret of a set has.
func (q queries) revisions(ctx context.Context, workspace string, set int64) (map[string]int64, error) {
	secrets, err := q.Secrets(ctx, workspace, set)
	if err != nil {
		return nil, err
	}
	revisions := make(map[string]int64, len(secrets))
	for _, s := range secrets {
		revisions[s.Name] = s.Revision
	}
	return revisions, nil
}

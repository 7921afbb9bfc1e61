package vault

import (
	"context"
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// Names are the opened values behind all references of what a process is given.
type Names struct {
	variables map[string]string
	secrets   map[string]string
	plugins   map[string]map[string]string
}

// Names opens the secrets of what a process is given.
func (v *Vault) Names(ctx context.Context, workspace string, given store.Given) (Names, error) {
	secrets, err := v.Secrets(ctx, workspace, given.SecretSet)
	if err != nil {
		return Names{}, err
	}
	n := Names{variables: given.Spec.Variables, secrets: secrets, plugins: make(map[string]map[string]string, len(given.PluginSecrets))}
	for name, own := range given.PluginSecrets {
		if n.plugins[name], err = v.Secrets(ctx, workspace, own.Set); err != nil {
			return Names{}, err
		}
	}
	return n, nil
}

// Lookup returns the value that a reference of the effective app-config stands for.
func (n Names) Lookup(scoped string) (value string, defined bool) {
	name, owner := appconfig.SplitScope(scoped)
	if owner != "" {
		value, defined = n.plugins[owner][name]
		return value, defined
	}
	if value, defined = n.secrets[name]; !defined {
		value, defined = n.variables[name]
	}
	return value, defined
}

// Secrets are the values that nobody may read, sorted: those of variables are not among them.
func (n Names) Secrets() []string {
	values := slices.Collect(maps.Values(n.secrets))
	for _, own := range n.plugins {
		values = slices.AppendSeq(values, maps.Values(own))
	}
	slices.Sort(values)
	return slices.Compact(values)
}

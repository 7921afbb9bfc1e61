package store

import (
	"context"
	"maps"
	"slices"
	"strconv"
)

// OwnSecrets says which secrets a plugin has of its own, and no value.
type OwnSecrets struct {
	Set int64 `json:"set"`
	// Revisions tell by name which value a secret has.
	Revisions map[string]int64 `json:"revisions"`
}

// setPluginSecrets makes a set that of a plugin. Set 0 leaves it none.
func (q queries) setPluginSecrets(ctx context.Context, given *Given, workspace, name string, set int64) error {
	delete(given.PluginSecrets, name)
	if set == 0 {
		return nil
	}
	revisions, err := q.revisions(ctx, workspace, set)
	if err != nil {
		return err
	}
	if given.PluginSecrets == nil {
		given.PluginSecrets = map[string]OwnSecrets{}
	}
	given.PluginSecrets[name] = OwnSecrets{Set: set, Revisions: revisions}
	return nil
}

// SecretNames are the names of the instance's secrets, sorted and not nil.
func (g Given) SecretNames() []string {
	return slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(g.SecretRevisions))))
}

// PluginSecretNames are the names of each plugin's own secrets, sorted, by package.
func (g Given) PluginSecretNames() map[string][]string {
	names := make(map[string][]string, len(g.PluginSecrets))
	for plugin, own := range g.PluginSecrets {
		names[plugin] = slices.Sorted(maps.Keys(own.Revisions))
	}
	return names
}

// tokens are revisions as changeplan compares them.
func tokens(revisions map[string]int64) map[string]string {
	tokens := make(map[string]string, len(revisions))
	for name, revision := range revisions {
		tokens[name] = strconv.FormatInt(revision, 10)
	}
	return tokens
}

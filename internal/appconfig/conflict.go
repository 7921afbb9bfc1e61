package appconfig

import (
	"fmt"
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// LayerFragments lays the documents of several owners over the base document, none of them over another. Where they are
// free of Conflicts the owners' order makes no difference to what is set; keys stand in the order of the owners' names.
// A null in a fragment unsets what the base sets.
func LayerFragments(base Document, fragments map[string]Document) Document {
	return Merge(append([]Document{base}, orderedFragments(fragments)...)...)
}

// orderedFragments orders the layers so that the first owner's keys come first in the merged document.
func orderedFragments(fragments map[string]Document) []Document {
	owners := slices.Sorted(maps.Keys(fragments))
	slices.Reverse(owners)
	layers := make([]Document, len(owners))
	for i, owner := range owners {
		layers[i] = fragments[owner]
	}
	return layers
}

// Conflicts returns a conflicting_paths for each path that two of the owners set to different values. Diagnostic.Plugin
// is the owner whose name comes later; the message names both as describe has it.
func Conflicts(fragments map[string]Document, describe func(owner string) string) []orbit.Diagnostic {
	owners := slices.Sorted(maps.Keys(fragments))
	var diagnostics []orbit.Diagnostic
	for i, second := range owners {
		for _, first := range owners[:i] {
			for _, path := range conflicts(nil, nil, fragments[first].Value().n, fragments[second].Value().n) {
				line, column := fragments[second].Position(path)
				diagnostics = append(diagnostics, orbit.Diagnostic{
					Code: orbit.CodeConflictingPaths, Severity: orbit.SeverityError, Path: path.String(), Plugin: second,
					Message: fmt.Sprintf("%s and %s set %s to different values; set it in one of them only",
						describe(first), describe(second), path),
					Line: line, Column: column,
				})
			}
		}
	}
	return diagnostics
}

func conflicts(found []Path, path Path, a, b *node) []Path {
	if a.kind != Mapping || b.kind != Mapping {
		if !same(path, a, b) {
			found = append(found, path)
		}
		return found
	}
	fields := index(b)
	for _, e := range a.entries {
		if value, ok := fields[e.key]; ok {
			found = conflicts(found, path.Child(Key(e.key)), e.value, value)
		}
	}
	return found
}

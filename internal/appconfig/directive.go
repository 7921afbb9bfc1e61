package appconfig

import (
	"fmt"
	"regexp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// environmentName is what $env may name.
var environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// directives replaces {$env: NAME} by the string "${NAME}" and finds fault with $file, $include and any other $env.
func directives(root *node) (*node, []*fault) {
	var faults []*fault
	out := expand(nil, root, &faults)
	return out, faults
}

func expand(path Path, n *node, faults *[]*fault) *node {
	switch n.kind {
	case Sequence:
		out, changed := &node{kind: Sequence, at: n.at, size: 1}, false
		for i, item := range n.items {
			value := expand(path.Child(Index(i)), item, faults)
			changed = changed || value != item
			out.items, out.size = append(out.items, value), out.size+value.size
		}
		if changed {
			return out
		}
		return n
	case Mapping:
		if directive, ok := directiveOf(n); ok {
			reference, f := environment(path, n, directive)
			if f != nil {
				*faults = append(*faults, f)
				return n
			}
			return reference
		}
		out, changed := &node{kind: Mapping, at: n.at, size: 1}, false
		for _, e := range n.entries {
			value := expand(path.Child(Key(e.key)), e.value, faults)
			changed = changed || value != e.value
			out.entries, out.size = append(out.entries, entry{e.key, e.at, value}), out.size+value.size
		}
		if changed {
			return out
		}
		return n
	default:
		return n
	}
}

// directiveOf returns the first of the mapping's keys that Backstage's loader takes for a directive.
func directiveOf(n *node) (entry, bool) {
	for _, e := range n.entries {
		if e.key == "$file" || e.key == "$env" || e.key == "$include" {
			return e, true
		}
	}
	return entry{}, false
}

func environment(path Path, n *node, directive entry) (*node, *fault) {
	f := &fault{code: orbit.CodeForbiddenDirective, at: directive.at, path: path.Child(Key(directive.key))}
	switch {
	case directive.key != "$env":
		f.message = fmt.Sprintf("%s is not supported, instances read no files of the machine they run on; write the value "+
			"itself, or ${NAME} with NAME among the secrets or variables", directive.key)
	case len(path) == 0:
		f.message = "$env cannot stand for the whole document; write its keys"
	case len(n.entries) != 1:
		f.message = "$env cannot have other keys beside it"
	case directive.value.kind != String || !environmentName.MatchString(directive.value.text):
		f.message = "$env has to name a secret or variable of letters, digits and underscores"
	default:
		return &node{kind: String, text: "${" + directive.value.text + "}", at: directive.value.at, size: 1}, nil
	}
	return nil, f
}

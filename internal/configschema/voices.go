package configschema

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// fieldsOf are the schemas for the value under a key of a mapping: of the key itself, or, where the schema does not name
// it, of any key.
func fieldsOf(s *jsonschema.Schema, key string) (declared, free []*jsonschema.Schema) {
	if sub, ok := s.Properties[key]; ok {
		declared = append(declared, sub)
	}
	for pattern, sub := range s.PatternProperties {
		if pattern.MatchString(key) {
			free = append(free, sub)
		}
	}
	if sub, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && len(declared)+len(free) == 0 {
		free = append(free, sub)
	}
	return declared, free
}

// itemOf is the schema for an item of a list; nil where there is none.
func itemOf(s *jsonschema.Schema, index int) *jsonschema.Schema {
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		return items
	case []*jsonschema.Schema:
		if index < len(items) {
			return items[index]
		}
		sub, _ := s.AdditionalItems.(*jsonschema.Schema)
		return sub
	default:
		return nil
	}
}

// voice is a schema that a package has for some place.
type voice struct {
	pkg    string
	schema *jsonschema.Schema
}

// voices are all that is said about a place: by all packages, in all alternatives, whichever of them holds.
type voices []voice

// voices are what the set's packages say about the whole document.
func (s Set) voices() voices {
	var roots voices
	for _, p := range s.packages {
		roots = append(roots, voice{p.name, p.root})
	}
	return roots.spread()
}

// spread adds the schemas that the voices are made of.
func (vs voices) spread() voices {
	seen := make(map[*jsonschema.Schema]bool, len(vs))
	var all voices
	for queue := vs; len(queue) > 0; queue = queue[1:] {
		v := queue[0]
		if v.schema == nil || seen[v.schema] {
			continue
		}
		seen[v.schema] = true
		all = append(all, v)
		s := v.schema
		for _, parts := range [][]*jsonschema.Schema{{s.Ref, s.Then, s.Else}, s.AllOf, s.AnyOf, s.OneOf} {
			for _, part := range parts {
				queue = append(queue, voice{v.pkg, part})
			}
		}
	}
	return all
}

// below is what is said about the place one step further.
func (vs voices) below(step appconfig.Step) voices {
	key, isKey := step.Key()
	index, _ := step.Index()
	var found voices
	for _, v := range vs {
		if !isKey {
			found = append(found, voice{v.pkg, itemOf(v.schema, index)})
			continue
		}
		declared, free := fieldsOf(v.schema, key)
		for _, sub := range slices.Concat(declared, free) {
			found = append(found, voice{v.pkg, sub})
		}
	}
	return found.spread()
}

// declare says whether another package than the given one names the key of a mapping.
func (vs voices) declare(key, pkg string) bool {
	return slices.ContainsFunc(vs, func(v voice) bool { return v.pkg != pkg && v.schema.Properties[key] != nil })
}

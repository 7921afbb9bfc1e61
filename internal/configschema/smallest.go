package configschema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Reason says why a key is in the smallest document.
type Reason struct {
	Path appconfig.Path
	// Package is the one whose schema requires the key or, where Section is true, the one that the section belongs to.
	Package string
	Section bool
}

// String is the reason in one line.
func (r Reason) String() string {
	if r.Section {
		return fmt.Sprintf("%s: the section of %s", r.Path, r.Package)
	}
	return fmt.Sprintf("%s: %s requires it", r.Path, r.Package)
}

// Smallest is the smallest document that the schemas of the set take, with a reason for each of its keys.
//
// It has what is required from the root down, without what orbitd sets itself. A key that is required inside a mapping
// which nobody requires is not in it; since most packages require nothing at all, the document is empty for most. For the
// packages named as owners the top-level sections are there as well, with what is required in them; a section belongs to
// the owners when no other package of the set knows it: that of Jenkins does, catalog and backend do not.
//
// Values are made up by type and name: an alternative is the first, a choice the first, a default the schema's, a number
// the smallest allowed or 1, a truth false, a list has as few items as it may, a text that is called a URL is
// https://example.invalid and any other text "example".
func (s Set) Smallest(owners ...string) (appconfig.Document, []Reason) {
	maker := maker{document: map[string]any{}}
	for _, p := range s.packages {
		for _, key := range sections(voices{{p.name, p.root}}.spread()) {
			others := slices.ContainsFunc(s.packages, func(other *schema) bool {
				return !slices.Contains(owners, other.name) &&
					slices.Contains(sections(voices{{other.name, other.root}}.spread()), key)
			})
			if slices.Contains(owners, p.name) && !others {
				maker.add(maker.document, nil, key, p.name, p.root, true)
			}
		}
	}
	// What one package requires can bring a mapping in which another one requires more.
	for before := -1; before < len(maker.reasons); {
		before = len(maker.reasons)
		for _, p := range s.packages {
			maker.complete(maker.document, nil, p.name, p.root)
		}
	}
	text, err := json.Marshal(maker.document)
	if err != nil {
		panic(err) // it is made of JSON
	}
	document, diagnostics := appconfig.Parse(string(text))
	if orbit.HasErrors(diagnostics) { // a schema with a default of a directive, say
		return appconfig.Document{}, nil
	}
	return document, maker.reasons
}

// sections are the top-level keys that the voices name, sorted.
func sections(root voices) []string {
	keys := map[string]bool{}
	for _, v := range root {
		for key := range v.schema.Properties {
			keys[key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// maker makes the smallest document.
type maker struct {
	document map[string]any
	reasons  []Reason
	// busy are the schemas that a value is being made for: one that requires itself has no smallest value.
	busy []*jsonschema.Schema
	// made counts the values. A schema of twenty lines can require a million.
	made int
}

// maxMade is how many values the smallest document has at most.
const maxMade = 1000

// complete adds what the schema requires in a mapping, and in those below it that are there.
func (m *maker) complete(mapping map[string]any, path appconfig.Path, pkg string, s *jsonschema.Schema) {
	for _, part := range conjoined(s) {
		for _, key := range part.Required {
			m.add(mapping, path, key, pkg, s, false)
		}
		for _, key := range slices.Sorted(maps.Keys(mapping)) {
			below, isMapping := mapping[key].(map[string]any)
			if declared := part.Properties[key]; declared != nil && isMapping {
				m.complete(below, path.Child(appconfig.Key(key)), pkg, declared)
			}
		}
	}
}

// conjoined are the schemas that all have to hold where one does.
func conjoined(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{s}
	for i := 0; i < len(all); i++ {
		for _, part := range append([]*jsonschema.Schema{all[i].Ref}, all[i].AllOf...) {
			if part != nil && !slices.Contains(all, part) {
				all = append(all, part)
			}
		}
	}
	return all
}

// add sets a key of a mapping, if it is not set.
func (m *maker) add(mapping map[string]any, path appconfig.Path, key, pkg string, s *jsonschema.Schema, section bool) {
	at := path.Child(appconfig.Key(key))
	if _, ok := mapping[key]; ok || owned(at) || m.made >= maxMade {
		return
	}
	m.reasons = append(m.reasons, Reason{at, pkg, section})
	var value any = "example" // for a key that is required and not described
	for _, v := range (voices{{pkg, s}}).spread().below(appconfig.Key(key)) {
		made, ok := m.value(v, at)
		if ok {
			value = made
			break
		}
	}
	mapping[key] = value
}

// value makes the smallest value for the place; ok is false where there is none.
func (m *maker) value(v voice, at appconfig.Path) (value any, ok bool) {
	s := v.schema
	if slices.Contains(m.busy, s) || s.Bool != nil && !*s.Bool || m.made >= maxMade {
		return nil, false
	}
	m.made++
	m.busy = append(m.busy, s)
	defer func() { m.busy = m.busy[:len(m.busy)-1] }()
	switch {
	case s.Ref != nil:
		return m.value(voice{v.pkg, s.Ref}, at)
	case s.Const != nil:
		return *s.Const, true
	case s.Enum != nil && len(s.Enum.Values) > 0:
		return s.Enum.Values[0], true
	case s.Default != nil:
		return *s.Default, true
	}
	for _, parts := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		for _, part := range parts {
			if value, ok := m.value(voice{v.pkg, part}, at); ok {
				return value, true
			}
		}
	}
	if s.Types == nil || s.Types.IsEmpty() {
		if len(s.Properties)+len(s.Required)+len(s.AllOf) == 0 {
			return text(s, at), true
		}
		return m.mapping(v, at), true
	}
	types := s.Types.ToStrings()
	for _, name := range []string{"string", "number", "integer", "boolean", "object", "array", "null"} {
		if slices.Contains(types, name) {
			return m.ofType(name, v, at)
		}
	}
	return nil, false
}

func (m *maker) ofType(name string, v voice, at appconfig.Path) (value any, ok bool) {
	switch name {
	case "string":
		return text(v.schema, at), true
	case "number", "integer":
		return number(v.schema), true
	case "boolean":
		return false, true
	case "object":
		return m.mapping(v, at), true
	case "array":
		return m.list(v, at)
	default:
		return nil, true
	}
}

func (m *maker) mapping(v voice, at appconfig.Path) map[string]any {
	mapping := map[string]any{}
	m.complete(mapping, at, v.pkg, v.schema)
	return mapping
}

func (m *maker) list(v voice, at appconfig.Path) ([]any, bool) {
	list := []any{}
	for least := v.schema.MinItems; least != nil && len(list) < min(*least, maxFaults); {
		at := at.Child(appconfig.Index(len(list)))
		item := itemOf(v.schema, len(list))
		if item == nil {
			list = append(list, "example")
			continue
		}
		made, ok := m.value(voice{v.pkg, item}, at)
		if !ok {
			return nil, false
		}
		list = append(list, made)
	}
	return list, true
}

// number is the smallest that the schema takes, and 1 where it takes any.
func number(s *jsonschema.Schema) float64 {
	one := big.NewRat(1, 1)
	least := one
	switch {
	case s.Minimum != nil:
		least = s.Minimum
	case s.ExclusiveMinimum != nil:
		least = new(big.Rat).Add(s.ExclusiveMinimum, one)
	case s.Maximum != nil && s.Maximum.Cmp(one) < 0:
		least = s.Maximum
	case s.ExclusiveMaximum != nil && s.ExclusiveMaximum.Cmp(one) <= 0:
		least = new(big.Rat).Sub(s.ExclusiveMaximum, one)
	}
	value, _ := least.Float64()
	return value
}

// text is a likely one for a key with such a name.
func text(s *jsonschema.Schema, at appconfig.Path) string {
	name := ""
	if len(at) > 0 {
		name, _ = at[len(at)-1].Key()
	}
	name = strings.ToLower(name)
	likely := "example"
	switch {
	case strings.Contains(name, "url") || strings.Contains(name, "uri") || strings.Contains(name, "endpoint"):
		likely = "https://example.invalid"
	case strings.Contains(name, "host") || strings.Contains(name, "domain"):
		likely = "example.invalid"
	case strings.Contains(name, "email"):
		likely = "nobody@example.invalid"
	}
	if s.MinLength != nil && len(likely) < *s.MinLength {
		likely += strings.Repeat("x", min(*s.MinLength, 1000)-len(likely))
	}
	return likely
}

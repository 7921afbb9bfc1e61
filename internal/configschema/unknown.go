package configschema

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// stranger is a key that no package knows.
type stranger struct {
	at  *place
	key string
	// pkg is a package that knows keys of this mapping; that of near, if there is one.
	pkg string
	// near is the known key that was probably meant, "" for none; twin says that it is set beside.
	near string
	twin bool
	// sure says that only packages whose schemas are complete speak of this mapping.
	sure bool
	// duration says that the mapping is a duration, whose reader refuses what it does not know.
	duration bool
}

// strangers finds the keys that no package knows, in mappings whose keys are known.
func strangers(p *place) []stranger {
	var found []stranger
	for _, item := range p.items {
		found = append(found, strangers(item)...)
	}
	owners := map[string]string{} // the package that knows a key
	open := false
	for _, v := range p.said {
		open = open || opens(v.schema) && p.parent != nil
		for key := range v.schema.Properties {
			if first, ok := owners[key]; !ok || v.pkg < first {
				owners[key] = v.pkg
			}
		}
	}
	for _, key := range p.keys {
		if len(p.fields[key].said) == 0 && !open && len(owners) > 0 {
			found = append(found, newStranger(p, key, owners))
		}
		found = append(found, strangers(p.fields[key])...)
	}
	return found
}

func newStranger(p *place, key string, owners map[string]string) stranger {
	known := make([]string, 0, len(owners))
	for name := range owners {
		known = append(known, name)
	}
	slices.Sort(known)
	s := stranger{at: p, key: key, pkg: owners[known[0]], near: nearest(key, known), sure: true}
	s.duration = slices.ContainsFunc(p.said, func(v voice) bool { return isDuration(v.schema) })
	for _, pkg := range owners {
		s.sure = s.sure && isOfBackstage(pkg)
	}
	if s.near != "" {
		s.pkg = owners[s.near]
		_, s.twin = p.fields[s.near]
	}
	return s
}

// opens says whether the schema takes mappings with any key.
func opens(s *jsonschema.Schema) bool {
	switch additional := s.AdditionalProperties.(type) {
	case bool:
		if additional {
			return true
		}
	case *jsonschema.Schema:
		return true
	}
	if s.Bool != nil {
		return *s.Bool
	}
	isParts := s.Ref != nil || s.If != nil || len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0
	isValue := s.Const != nil || s.Enum != nil || s.Not != nil
	takesMappings := s.Types == nil || slices.Contains(s.Types.ToStrings(), "object")
	return takesMappings && !isParts && !isValue && len(s.Properties)+len(s.PatternProperties)+len(s.Required) == 0
}

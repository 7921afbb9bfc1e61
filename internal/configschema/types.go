package configschema

import (
	"math"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// typeFault says whether the value is of a type that the schema does not take, read as Backstage reads it.
func (j *judge) typeFault(s *jsonschema.Schema, p *place) (fault, bool) {
	if s.Types == nil || s.Types.IsEmpty() {
		return fault{}, false
	}
	types := s.Types.ToStrings()
	for _, name := range types {
		if j.strict && p.becomes(name) || !j.strict && p.meant(s, name) {
			return fault{}, false
		}
	}
	wants := make([]string, len(types))
	for i, name := range types {
		wants[i] = inWords[name]
	}
	return fault{at: p, code: orbit.CodeWrongType, wants: wants}, true
}

// meant says whether the value is of the type that the schema names, or of the one that it means by that.
func (p *place) meant(s *jsonschema.Schema, name string) bool {
	return p.is(name) || name == "object" && (isList(s) && p.is("array") || isDuration(s) && p.is("string"))
}

// is says whether the value is of a type of JSON Schema.
func (p *place) is(name string) bool {
	switch name {
	case "object":
		return p.value.Kind() == appconfig.Mapping
	case "array":
		return p.value.Kind() == appconfig.Sequence
	case "string":
		return p.value.Kind() == appconfig.String
	case "null":
		return p.value.Kind() == appconfig.Null
	case "boolean":
		_, ok := p.truth()
		return ok
	case "number":
		_, ok := p.number()
		return ok
	case "integer":
		number, ok := p.number()
		return ok && number == math.Trunc(number)
	default:
		return true
	}
}

// choiceFault says whether the value is none of those that the schema lists.
func (j *judge) choiceFault(s *jsonschema.Schema, p *place) (fault, bool) {
	equals := p.equals
	if j.strict {
		equals = p.becomesValue
	}
	for _, choices := range [][]any{constOf(s), enumOf(s)} {
		if len(choices) > 0 && !slices.ContainsFunc(choices, equals) {
			return fault{at: p, code: orbit.CodeInvalidValue, wants: listed(choices), choices: texts(choices)}, true
		}
	}
	return fault{}, false
}

func constOf(s *jsonschema.Schema) []any {
	if s.Const == nil {
		return nil
	}
	return []any{*s.Const}
}

func enumOf(s *jsonschema.Schema) []any {
	if s.Enum == nil {
		return nil
	}
	return s.Enum.Values
}

// equals says whether the value is the given one of JSON, read as that one's type is.
func (p *place) equals(choice any) bool {
	switch choice := choice.(type) {
	case string:
		return p.value.Kind() == appconfig.String && p.value.Text() == choice
	case bool:
		is, ok := p.truth()
		return ok && is == choice
	case float64:
		number, ok := p.number()
		return ok && number == choice
	case nil:
		return p.value.Kind() == appconfig.Null
	default:
		return canonical(choice) == p.value.Canonical()
	}
}

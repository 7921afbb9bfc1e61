package configschema

import (
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// CheckWebApp says what of the document keeps Backstage from starting with a web app whose packages have these schemas:
// wrong_type, invalid_value and missing_key, all of them errors. Plugin is the package that misses a key; the rest is as with
// Check.
//
// Before it serves an app Backstage validates the whole app-config against the schemas that were built in, and ends if
// anything is wrong that the browser could see, or that is no mapping or list where one has to be. What else is wrong it
// passes over. So schemas are taken word for word here and as ajv coerces values, not as the readers of a backend would.
func (s Set) CheckWebApp(document appconfig.Document) []orbit.Diagnostic {
	return inOrder(s.faults(s.places(document), true, func(pkg string, f fault) (orbit.Diagnostic, bool) {
		d := f.diagnostic(pkg, orbit.SeverityError)
		d.Message = "Backstage does not start with the web app like this: " + d.Message
		if f.code == orbit.CodeMissingKey {
			d.Plugin = pkg
		}
		return d, f.seen()
	}))
}

// Knows says whether a package says anything about what stands at the path.
func (s Set) Knows(path appconfig.Path) bool {
	said := s.voices()
	for _, step := range path {
		said = said.below(step)
	}
	return len(said) > 0
}

// seen says whether Backstage looks at the fault when it starts with the web app.
func (f fault) seen() bool {
	switch {
	case f.shown:
		return true
	case f.code == orbit.CodeMissingKey:
		return f.at.isShown() || f.at.said.show(f.key)
	case f.code == orbit.CodeWrongType && len(f.wants) == 1 && (f.wants[0] == inWords["object"] || f.wants[0] == inWords["array"]):
		return true
	case f.unknown:
		return f.at.parent.isShown()
	default:
		return f.at.isShown()
	}
}

// ofAlternatives are the faults of an alternative as Backstage sees them, which looks at the faults of all.
func ofAlternatives(faults []fault, p *place, attempts []attempt) []fault {
	isSeen := p.isShown() || slices.ContainsFunc(attempts, func(a attempt) bool { return slices.ContainsFunc(a.faults, fault.seen) })
	faults = slices.Clone(faults)
	for i := range faults {
		faults[i].shown = isSeen
	}
	return faults
}

// isShown says whether a package has the browser see the value.
func (p *place) isShown() bool {
	return slices.ContainsFunc(p.said, func(v voice) bool { return seen(v.schema).own == "frontend" })
}

// show says whether a package would have the browser see something at the key. Backstage goes by how the paths in its
// schemas begin.
func (vs voices) show(key string) bool {
	return slices.ContainsFunc(vs, func(v voice) bool {
		for name, field := range v.schema.Properties {
			if strings.HasPrefix(name, key) && shows(field) {
				return true
			}
		}
		return false
	})
}

// shows says whether the schema, or one that stands in it, speaks of what the browser sees.
func shows(s *jsonschema.Schema) bool {
	if s == nil {
		return false
	}
	if is := seen(s); is.own == "frontend" || is.deep == "frontend" {
		return true
	}
	inside := slices.Concat(s.AllOf, s.AnyOf, s.OneOf)
	for _, field := range s.Properties {
		inside = append(inside, field)
	}
	for _, field := range s.PatternProperties {
		inside = append(inside, field)
	}
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		inside = append(inside, items)
	case []*jsonschema.Schema:
		inside = append(inside, items...)
	}
	if additional, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		inside = append(inside, additional)
	}
	return slices.ContainsFunc(inside, shows)
}

// becomes says whether ajv takes the value for one of the type, coerced if it has to be.
func (p *place) becomes(name string) bool {
	kind, text := p.value.Kind(), p.value.Text()
	switch name {
	case "string":
		return kind != appconfig.Mapping && kind != appconfig.Sequence
	case "number", "integer":
		isEmpty := kind == appconfig.String && text == ""
		return kind == appconfig.Bool || kind == appconfig.Null || p.is(name) && !isEmpty
	case "boolean":
		_, ok := p.coercedTruth()
		return ok
	case "null":
		is, ok := p.coercedTruth()
		return kind == appconfig.Null || kind == appconfig.String && text == "" || kind != appconfig.String && ok && !is
	default:
		return p.is(name)
	}
}

// coercedTruth is what ajv coerces the value to where it wants a boolean.
func (p *place) coercedTruth() (is, ok bool) {
	switch p.value.Kind() {
	case appconfig.Bool:
		return p.value.Truth(), true
	case appconfig.Null:
		return false, true
	case appconfig.String:
		return p.value.Text() == "true", p.value.Text() == "true" || p.value.Text() == "false"
	case appconfig.Number:
		number := numberOf(p.value)
		return number == 1, number == 0 || number == 1
	default:
		return false, false
	}
}

// becomesValue says whether ajv takes the value for the given one of JSON, coerced if it has to be.
func (p *place) becomesValue(choice any) bool {
	switch choice := choice.(type) {
	case string:
		kind := p.value.Kind()
		return p.equals(choice) || (kind == appconfig.Number || kind == appconfig.Bool) && p.value.Canonical() == choice
	case bool:
		is, ok := p.coercedTruth()
		return ok && is == choice
	default:
		return p.equals(choice)
	}
}

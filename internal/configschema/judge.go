package configschema

import (
	"math/big"
	"slices"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxFaults is how many faults of one part of a document are told: a reader wants no more.
const maxFaults = 50

// verdict is what a schema says about a value.
type verdict struct {
	faults []fault
	// unsure says that there is a reference, which may turn out to be something else, where it mattered.
	unsure bool
}

func (v *verdict) add(other verdict) {
	v.unsure = v.unsure || other.unsure
	if room := maxFaults - len(v.faults); room > 0 {
		v.faults = append(v.faults, other.faults[:min(room, len(other.faults))]...)
	}
}

func (v *verdict) fault(f fault) { v.add(verdict{faults: []fault{f}}) }

// question is a schema that is asked about a value.
type question struct {
	schema *jsonschema.Schema
	place  *place
}

// judge holds a document against the schema of one package.
type judge struct {
	pkg string
	// strict says that the schema is meant word for word, as Backstage's own validator takes it.
	strict  bool
	answers map[question]verdict
}

// ask says what is wrong with the value at the place. Nobody is asked twice, and a schema that comes back to itself at
// one place has nothing to add there.
func (j *judge) ask(s *jsonschema.Schema, p *place) verdict {
	q := question{s, p}
	if known, ok := j.answers[q]; ok {
		return known
	}
	j.answers[q] = verdict{}
	found := j.answer(s, p)
	j.answers[q] = found
	return found
}

func (j *judge) answer(s *jsonschema.Schema, p *place) (v verdict) {
	if p.refers {
		return verdict{unsure: true}
	}
	switch {
	case s.Bool != nil && !*s.Bool:
		return verdict{faults: []fault{{at: p, code: orbit.CodeInvalidValue}}}
	case s.Bool != nil:
		return verdict{}
	case s.Ref != nil:
		return j.ask(s.Ref, p)
	}
	if f, ok := j.typeFault(s, p); ok {
		return verdict{faults: []fault{f}}
	}
	if f, ok := j.choiceFault(s, p); ok {
		return verdict{faults: []fault{f}}
	}
	switch p.value.Kind() {
	case appconfig.Mapping:
		j.mapping(s, p, &v)
	case appconfig.Sequence:
		j.sequence(s, p, &v)
	default:
		v.add(scalar(s, p))
	}
	j.combined(s, p, &v)
	return v
}

func (j *judge) mapping(s *jsonschema.Schema, p *place, v *verdict) {
	for _, key := range s.Required {
		j.require(p, key, v)
	}
	for _, key := range p.keys {
		field := p.fields[key]
		declared, free := fieldsOf(s, key)
		isElsewhere := p.said.declare(key, j.pkg)
		if isElsewhere {
			free = nil // ignoreAdditionalProperties: the other package says what the key is
		}
		for _, sub := range declared {
			v.add(j.ask(sub, field))
		}
		for _, sub := range free {
			v.add(loose(j.ask(sub, field), field))
		}
		if j.strict && s.AdditionalProperties == false && len(declared)+len(free) == 0 && !isElsewhere {
			v.fault(fault{at: field, code: orbit.CodeInvalidValue, unknown: true})
		}
		switch dependency := s.Dependencies[key].(type) {
		case []string:
			for _, other := range dependency {
				j.require(p, other, v)
			}
		case *jsonschema.Schema:
			v.add(j.ask(dependency, p))
		}
	}
	bounds(p, v, len(p.keys), s.MinProperties, s.MaxProperties, "key", "keys")
}

// loose marks what is wrong with the value itself of a key that the schema does not name.
func loose(v verdict, field *place) verdict {
	v.faults = slices.Clone(v.faults)
	for i := range v.faults {
		v.faults[i].free = v.faults[i].free || v.faults[i].at == field
	}
	return v
}

func (j *judge) require(p *place, key string, v *verdict) {
	if _, ok := p.fields[key]; !ok && !owned(p.path().Child(appconfig.Key(key))) {
		v.fault(fault{at: p, code: orbit.CodeMissingKey, key: key})
	}
}

func (j *judge) sequence(s *jsonschema.Schema, p *place, v *verdict) {
	contained := s.Contains == nil
	for i, item := range p.items {
		if sub := itemOf(s, i); sub != nil {
			v.add(j.ask(sub, item))
		}
		contained = contained || len(j.ask(s.Contains, item).faults) == 0
	}
	if !contained {
		v.fault(fault{at: p, code: orbit.CodeInvalidValue, wants: []string{"an item of another kind among others"}})
	}
	bounds(p, v, len(p.items), s.MinItems, s.MaxItems, "item", "items")
}

// combined asks the schemas that a schema is made of.
func (j *judge) combined(s *jsonschema.Schema, p *place, v *verdict) {
	for _, sub := range s.AllOf {
		v.add(j.ask(sub, p))
	}
	for _, alternatives := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		if len(alternatives) > 0 {
			v.add(j.oneOf(alternatives, p))
		}
	}
	if s.Not != nil {
		if no := j.ask(s.Not, p); len(no.faults) == 0 && !no.unsure {
			v.fault(fault{at: p, code: orbit.CodeInvalidValue})
		}
	}
	if s.If != nil {
		condition := j.ask(s.If, p)
		branch := s.Then
		if len(condition.faults) > 0 {
			branch = s.Else
		}
		if branch != nil && !condition.unsure {
			v.add(j.ask(branch, p))
		}
	}
}

func (j *judge) oneOf(alternatives []*jsonschema.Schema, p *place) verdict {
	attempts := make([]attempt, 0, len(alternatives))
	for _, alternative := range alternatives {
		found := j.ask(alternative, p)
		if len(found.faults) == 0 {
			return found
		}
		attempts = append(attempts, attempt{alternative, found.faults})
	}
	faults := closest(p, attempts)
	if j.strict {
		faults = ofAlternatives(faults, p, attempts)
	}
	return verdict{faults: faults}
}

// scalar checks the bounds of a number and of a text.
func scalar(s *jsonschema.Schema, p *place) (v verdict) {
	refuse := func(wants string) {
		v.fault(fault{at: p, code: orbit.CodeInvalidValue, wants: []string{wants}})
	}
	bound := func(limit *big.Rat, kept func(int) bool, words string) {
		if limit == nil {
			return
		}
		number, ok := p.number()
		if ok && !kept(new(big.Rat).SetFloat64(number).Cmp(limit)) {
			refuse("a number " + words + " " + rational(limit))
		}
	}
	bound(s.Minimum, func(order int) bool { return order >= 0 }, "of at least")
	bound(s.Maximum, func(order int) bool { return order <= 0 }, "of at most")
	bound(s.ExclusiveMinimum, func(order int) bool { return order > 0 }, "above")
	bound(s.ExclusiveMaximum, func(order int) bool { return order < 0 }, "below")
	if number, ok := p.number(); ok && s.MultipleOf != nil && s.MultipleOf.Sign() != 0 &&
		!new(big.Rat).Quo(new(big.Rat).SetFloat64(number), s.MultipleOf).IsInt() {
		refuse("a multiple of " + rational(s.MultipleOf))
	}
	if p.value.Kind() == appconfig.String {
		bounds(p, &v, utf8.RuneCountInString(p.value.Text()), s.MinLength, s.MaxLength, "character", "characters")
		if s.Pattern != nil && !s.Pattern.MatchString(p.value.Text()) {
			refuse("a string that matches " + s.Pattern.String())
		}
	}
	return v
}

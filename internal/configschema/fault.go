package configschema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// fault is one thing that a schema does not take.
type fault struct {
	at   *place
	code orbit.Code
	// key is the one that is missing in the mapping at the place.
	key string
	// wants are what the schema takes, in words; empty where it takes nothing.
	wants []string
	// choices are the texts that it takes, where it lists them.
	choices []string
	// free says that the schema does not name the value's key, and takes any.
	free bool
	// unknown says that the schema takes no such key.
	unknown bool
	// shown says that Backstage looks at it when it starts with a web app: see seen.
	shown bool
}

// attempt is an alternative that does not take a value.
type attempt struct {
	schema *jsonschema.Schema
	faults []fault
}

// errors counts what stops a change.
func (a attempt) errors() (count int) {
	for _, f := range a.faults {
		if f.severity() == orbit.SeverityError && !f.works() {
			count++
		}
	}
	return count
}

// strange counts the keys of the value that the alternative does not know.
func (a attempt) strange(p *place) (count int) {
	said := voices{{schema: a.schema}}.spread()
	for _, key := range p.keys {
		if len(said.below(appconfig.Key(key))) == 0 {
			count++
		}
	}
	return count
}

// telling is where the alternative says by its choice of values that it is not meant, as a key like "type" does.
func (a attempt) telling(p *place) int {
	return slices.IndexFunc(a.faults, func(f fault) bool { return f.at.parent == p && len(f.choices) > 0 })
}

// closest says what is wrong with a value that no alternative takes, in the words of the alternative that it is most
// likely meant for.
func closest(p *place, attempts []attempt) []fault {
	var here, meant, other []attempt
	for _, a := range attempts {
		switch {
		case slices.ContainsFunc(a.faults, func(f fault) bool { return f.at == p && f.code != orbit.CodeMissingKey }):
			here = append(here, a)
		case a.telling(p) >= 0:
			other = append(other, a)
		default:
			meant = append(meant, a)
		}
	}
	if len(meant)+len(other) == 0 {
		return []fault{joined(here)}
	}
	if len(meant) == 0 {
		if one, ok := sameKey(p, other); ok {
			return []fault{one}
		}
		meant = other
	}
	return slices.MinFunc(meant, func(a, b attempt) int {
		return cmp.Or(a.errors()-b.errors(), a.strange(p)-b.strange(p), len(a.faults)-len(b.faults))
	}).faults
}

// sameKey says what a key may be, when it is that key by which every alternative refuses a mapping.
func sameKey(p *place, attempts []attempt) (fault, bool) {
	var telling []attempt
	for _, a := range attempts {
		one := a.faults[a.telling(p):][:1]
		if len(telling) > 0 && one[0].at != telling[0].faults[0].at {
			return fault{}, false
		}
		telling = append(telling, attempt{a.schema, one})
	}
	return joined(telling), true
}

// joined makes one fault of those that several alternatives begin with.
func joined(attempts []attempt) fault {
	first := attempts[0].faults[0]
	all := fault{at: first.at, code: orbit.CodeWrongType, free: first.free}
	for _, a := range attempts {
		f := a.faults[0]
		if f.code != orbit.CodeWrongType && len(f.wants) > 0 {
			all.code = orbit.CodeInvalidValue
		}
		all.wants = appendNew(all.wants, f.wants)
		all.choices = appendNew(all.choices, f.choices)
	}
	return all
}

// appendNew appends what is not in the list yet.
func appendNew(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// path is what the fault is about.
func (f fault) path() appconfig.Path {
	if f.code == orbit.CodeMissingKey {
		return f.at.path().Child(appconfig.Key(f.key))
	}
	return f.at.path()
}

func (f fault) diagnostic(pkg string, severity orbit.Severity) orbit.Diagnostic {
	return orbit.Diagnostic{Code: f.code, Severity: severity, Path: f.path().String(), Message: f.message(pkg)}
}

// message tells the user. It never quotes a value, which may be a secret.
func (f fault) message(pkg string) string {
	if f.code == orbit.CodeMissingKey {
		return fmt.Sprintf("%s needs the key %s here; add it", pkg, f.key)
	}
	if len(f.wants) == 0 {
		return fmt.Sprintf("%s takes no value here; remove the key", pkg)
	}
	message := fmt.Sprintf("%s wants %s here, this is %s", pkg, alternatives(f.wants), kinds[f.at.value.Kind()])
	kind := f.at.value.Kind()
	switch {
	case f.code == orbit.CodeInvalidValue && kind == appconfig.String && len(f.choices) > 0:
		message = fmt.Sprintf("%s wants %s here, this is another string", pkg, alternatives(f.wants))
		if near := nearest(f.at.value.Text(), f.choices); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
	case f.code == orbit.CodeInvalidValue:
		message = fmt.Sprintf("%s wants %s here", pkg, alternatives(f.wants))
	case slices.Contains(f.wants, inWords["string"]) && (kind == appconfig.Number || kind == appconfig.Bool):
		message += "; put it in quotes"
	case slices.Contains(f.wants, inWords["boolean"]) && kind == appconfig.String:
		message += "; write true or false"
	case slices.Contains(f.wants, inWords["array"]) && kind != appconfig.Sequence:
		message += "; write it as an item of a list"
	}
	return message
}

// inWords are the types of JSON Schema, kinds those of a document.
var (
	inWords = map[string]string{
		"string": "a string", "number": "a number", "integer": "a whole number", "boolean": "a boolean", "null": "null",
		"array": "a list", "object": "a mapping",
	}
	kinds = map[appconfig.Kind]string{
		appconfig.Null: "null", appconfig.Bool: "a boolean", appconfig.Number: "a number", appconfig.String: "a string",
		appconfig.Mapping: "a mapping", appconfig.Sequence: "a list",
	}
)

// alternatives writes a list with "or" before its last part; a long one is cut.
func alternatives(parts []string) string {
	const most = 12
	if len(parts) > most {
		return strings.Join(parts[:most], ", ") + " …"
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " or " + parts[len(parts)-1]
}

// listed writes values of a schema as they would stand in a document.
func listed(choices []any) []string {
	words := make([]string, len(choices))
	for i, choice := range choices {
		words[i] = canonical(choice)
	}
	return words
}

func texts(choices []any) []string {
	var found []string
	for _, choice := range choices {
		if text, ok := choice.(string); ok {
			found = append(found, text)
		}
	}
	return found
}

// canonical writes a value of a schema as appconfig.Value.Canonical writes one of a document.
func canonical(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it was read from JSON
	}
	return string(text)
}

func rational(limit *big.Rat) string {
	return strings.TrimSuffix(strings.TrimRight(limit.FloatString(6), "0"), ".")
}

// bounds checks how many parts a value has.
func bounds(p *place, v *verdict, got int, least, most *int, one, many string) {
	name := func(n int) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	if least != nil && got < *least {
		v.fault(fault{at: p, code: orbit.CodeInvalidValue, wants: []string{"at least " + name(*least)}})
	}
	if most != nil && got > *most {
		v.fault(fault{at: p, code: orbit.CodeInvalidValue, wants: []string{"at most " + name(*most)}})
	}
}

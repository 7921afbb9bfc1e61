package configschema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

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
}

// closest says what is wrong with a value that no alternative takes, in the words of the alternative that it is most
// likely meant for.
func closest(p *place, verdicts []verdict) []fault {
	var here, below []verdict // what is wrong with the value itself, and what is wrong with a part of it
	for _, v := range verdicts {
		if slices.ContainsFunc(v.faults, func(f fault) bool { return f.at == p && f.code != orbit.CodeMissingKey }) {
			here = append(here, v)
		} else {
			below = append(below, v)
		}
	}
	if len(below) == 0 {
		return []fault{joined(here)}
	}
	// A key like "type" tells what a mapping is meant to be: alternatives with another one are not meant.
	var meant, other []verdict
	for _, v := range below {
		if slices.ContainsFunc(v.faults, func(f fault) bool { return f.at.parent == p && len(f.choices) > 0 }) {
			other = append(other, v)
		} else {
			meant = append(meant, v)
		}
	}
	if len(meant) == 0 {
		if telling, ok := sameKey(p, other); ok {
			return []fault{telling}
		}
		meant = other
	}
	return slices.MinFunc(meant, func(a, b verdict) int { return len(a.faults) - len(b.faults) }).faults
}

// sameKey says what a key may be, when it is that key by which every alternative refuses a mapping.
func sameKey(p *place, verdicts []verdict) (fault, bool) {
	var telling []verdict
	for _, v := range verdicts {
		i := slices.IndexFunc(v.faults, func(f fault) bool { return f.at.parent == p && len(f.choices) > 0 })
		if len(telling) > 0 && v.faults[i].at != telling[0].faults[0].at {
			return fault{}, false
		}
		telling = append(telling, verdict{faults: v.faults[i : i+1]})
	}
	return joined(telling), true
}

// joined makes one fault of those that several alternatives begin with.
func joined(verdicts []verdict) fault {
	all := fault{at: verdicts[0].faults[0].at, code: orbit.CodeWrongType, free: verdicts[0].faults[0].free}
	for _, v := range verdicts {
		f := v.faults[0]
		if f.code != orbit.CodeWrongType && len(f.wants) > 0 {
			all.code = orbit.CodeInvalidValue
		}
		for _, want := range f.wants {
			if !slices.Contains(all.wants, want) {
				all.wants = append(all.wants, want)
			}
		}
		for _, choice := range f.choices {
			if !slices.Contains(all.choices, choice) {
				all.choices = append(all.choices, choice)
			}
		}
	}
	return all
}

// path is what the fault is about.
func (f fault) path() appconfig.Path {
	if f.code == orbit.CodeMissingKey {
		return f.at.path().Child(appconfig.Key(f.key))
	}
	return f.at.path()
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
		message = fmt.Sprintf("%s wants %s here, this is another text", pkg, alternatives(f.wants))
		if near := nearest(f.at.value.Text(), f.choices); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
	case f.code == orbit.CodeInvalidValue:
		message = fmt.Sprintf("%s wants %s here", pkg, alternatives(f.wants))
	case slices.Contains(f.wants, inWords["string"]) && (kind == appconfig.Number || kind == appconfig.Bool):
		message += "; put it in quotes"
	case slices.Contains(f.wants, inWords["array"]) && kind != appconfig.Sequence:
		message += "; write it as an item of a list"
	}
	return message
}

// inWords are the types of JSON Schema, kinds those of a document.
var (
	inWords = map[string]string{
		"string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false", "null": "null",
		"array": "a list", "object": "a mapping",
	}
	kinds = map[appconfig.Kind]string{
		appconfig.Null: "null", appconfig.Bool: "true or false", appconfig.Number: "a number", appconfig.String: "a text",
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

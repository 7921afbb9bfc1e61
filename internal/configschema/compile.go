package configschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema is the compiled schema of one package.
type schema struct {
	name string
	root *jsonschema.Schema
}

// location names the schema within its own compiler. It is no place that anything could be loaded from.
const location = "config:///schema"

// compile reads the schema of a package. It never looks at anything but the value.
func compile(name string, value json.RawMessage) (*schema, error) {
	// Not jsonschema.UnmarshalJSON: with its numbers of any length a schema could ask for gigabytes.
	var document any
	if err := json.Unmarshal(value, &document); err != nil {
		return nil, err
	}
	if mapping, ok := document.(map[string]any); ok {
		// Backstage takes every schema for draft-07, whatever it calls itself: https://backstage.io/schema/config-v1.
		delete(mapping, "$schema")
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	compiler.UseLoader(nowhere{})
	compiler.UseRegexpEngine(pattern)
	compiler.RegisterVocabulary(&jsonschema.Vocabulary{URL: "config:///visibility", Compile: sightOf})
	if err := compiler.AddResource(location, document); err != nil {
		return nil, err
	}
	root, err := compiler.Compile(location)
	if err != nil {
		return nil, err
	}
	return &schema{name, root}, nil
}

// nowhere loads no schema: one that refers to another by its address would make this package do I/O.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("a config schema cannot refer to %s: %w", url, errors.ErrUnsupported)
}

// anything is a pattern of JavaScript that Go cannot read, a look-ahead for example: it matches, since what works must
// not be refused.
type anything string

func (anything) MatchString(string) bool { return true }
func (a anything) String() string        { return string(a) }

func pattern(text string) (jsonschema.Regexp, error) {
	if compiled, err := regexp.Compile(text); err == nil {
		return compiled, nil
	}
	return anything(text), nil
}

// sight is what a schema says about who may see a value: "frontend", "backend" or "secret". Backstage's own keywords.
type sight struct{ own, deep string }

// Validate has nothing to refuse.
func (sight) Validate(*jsonschema.ValidatorContext, any) {}

func sightOf(_ *jsonschema.CompilerContext, keywords map[string]any) (jsonschema.SchemaExt, error) {
	own, _ := keywords["visibility"].(string)
	deep, _ := keywords["deepVisibility"].(string)
	if own == "" && deep == "" {
		return nil, nil
	}
	return sight{own, deep}, nil
}

// seen is what the schema says about who may see a value.
func seen(s *jsonschema.Schema) sight {
	for _, extension := range s.Extensions {
		if found, ok := extension.(sight); ok {
			return found
		}
	}
	return sight{}
}

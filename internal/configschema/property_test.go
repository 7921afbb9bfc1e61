package configschema

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Where Backstage reads nothing into values, a document is taken exactly when the library takes it.
func TestValidationIsJSONSchema(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const rounds = 1000
	taken := 0
	for range rounds {
		schema := randomSchema(random, 4)
		text, err := json.Marshal(map[string]any{"properties": map[string]any{"a": schema}, "required": []any{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		set := one(t, string(text))
		value := randomValue(random, 3)
		content, err := json.Marshal(map[string]any{"a": value})
		if err != nil {
			t.Fatal(err)
		}
		found := set.Check(document(t, string(content)))
		refused := false
		for _, d := range found {
			refused = refused || d.Code != orbit.CodeUnknownKey
		}
		theirs := set.packages[0].root.Validate(map[string]any{"a": value})
		if refused != (theirs != nil) {
			t.Fatalf("schema %s\ndocument %s\nfound %v\nthe library: %v", text, content, found, theirs)
		}
		if !refused {
			taken++
		}
	}
	if taken < rounds/10 || taken > rounds*9/10 {
		t.Errorf("%d of %d documents are taken: the test says little", taken, rounds)
	}
}

// randomSchema is a schema of the words that mean to Backstage what they mean to everybody.
func randomSchema(random *rand.Rand, depth int) any {
	part := func() any { return randomSchema(random, depth-1) }
	kinds := 6
	if depth > 0 {
		kinds = 14
	}
	switch random.IntN(kinds) {
	case 0:
		return random.IntN(4) > 0
	case 1:
		return map[string]any{"type": []any{"string", "number"}[random.IntN(2)]}
	case 2:
		return map[string]any{"type": []any{"object", "array", "integer", "boolean"}[:1+random.IntN(3)]}
	case 3:
		return map[string]any{"const": randomValue(random, 0)}
	case 4:
		return map[string]any{"enum": []any{randomValue(random, 0), []any{randomValue(random, 0)}, "a word of its own"}}
	case 5:
		return map[string]any{"minimum": 1, "exclusiveMaximum": 3, "minLength": 2, "pattern": "^[xy]", "minItems": 1, "maxProperties": 1}
	case 6:
		return map[string]any{"anyOf": []any{part(), part()}}
	case 7:
		return map[string]any{"allOf": []any{part(), part()}}
	case 8:
		return map[string]any{"not": part()}
	case 9:
		return map[string]any{"if": part(), "then": part(), "else": part()}
	case 10:
		return map[string]any{"items": part(), "contains": part()}
	case 11:
		return map[string]any{"items": []any{part(), part()}, "additionalItems": part()}
	case 12:
		return map[string]any{"type": "object", "patternProperties": map[string]any{"^k": part()}, "dependencies": map[string]any{"k": []any{"l"}, "l": part()}}
	default:
		schema := map[string]any{"properties": map[string]any{"k": part(), "l": part()}, "additionalProperties": part()}
		if random.IntN(2) == 0 {
			schema["required"] = []any{"k"}
		}
		return schema
	}
}

// randomValue is a value that Backstage's readers take for what it is: no text is a number, no number a truth.
func randomValue(random *rand.Rand, depth int) any {
	kinds := 4
	if depth > 0 {
		kinds = 6
	}
	switch random.IntN(kinds) {
	case 0:
		return []any{"x", "xyz", "zz"}[random.IntN(3)]
	case 1:
		return []any{2.0, 2.5, 7.0}[random.IntN(3)]
	case 2:
		return random.IntN(2) == 0
	case 3:
		return "yx"
	case 4:
		list := []any{}
		for range random.IntN(3) {
			list = append(list, randomValue(random, depth-1))
		}
		return list
	default:
		mapping := map[string]any{}
		for _, key := range []string{"k", "l", "m"}[:random.IntN(4)] {
			mapping[key] = randomValue(random, depth-1)
		}
		return mapping
	}
}

// Schemas that come back to themselves in several ways would take a validator that follows each way past the end of time.
func TestTimeIsBounded(t *testing.T) {
	t.Parallel()
	const depth = 95
	nested := strings.Repeat(`{"next":`, depth) + `{"end":1}` + strings.Repeat("}", depth)
	for name, schema := range map[string]string{
		"alternatives that all lead on": `{"properties": {"a": {"$ref": "#/definitions/n"}}, "definitions": {"n": {"anyOf": [
			{"type": "object", "properties": {"next": {"$ref": "#/definitions/n"}, "end": {"type": "boolean"}}, "required": ["x"]},
			{"type": "object", "properties": {"next": {"$ref": "#/definitions/n"}, "end": {"type": "array"}}, "required": ["y"]},
			{"type": "object", "properties": {"next": {"$ref": "#/definitions/n"}}, "required": ["z"]}]}}}`,
		"itself": `{"properties": {"a": {"$ref": "#/definitions/n"}}, "definitions": {"n": {"allOf": [{"$ref": "#/definitions/n"}]}}}`,
		"each other": `{"properties": {"a": {"$ref": "#/definitions/n"}}, "definitions": {
			"n": {"anyOf": [{"$ref": "#/definitions/m"}, {"$ref": "#/definitions/m"}]},
			"m": {"oneOf": [{"$ref": "#/definitions/n"}, {"properties": {"next": {"$ref": "#/definitions/n"}}, "required": ["x"]}]}}}`,
		"any depth": `{"properties": {"a": {"$ref": "#/definitions/n"}}, "definitions": {"n": {"additionalProperties": {"$ref": "#/definitions/n"}, "deepVisibility": "secret"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := one(t, schema)
			began := time.Now()
			deep := document(t, `{"a":`+nested+`}`)
			set.Check(deep)
			set.LiteralSecrets(deep)
			set.Smallest("@backstage/x")
			set.Secret(appconfig.Keys(strings.Split("a"+strings.Repeat(".next", depth), ".")...))
			if spent := time.Since(began); spent > 10*time.Second {
				t.Errorf("it took %s", spent)
			}
		})
	}
}

func TestAHugeDocumentIsCheckedInTime(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("catalog:\n  locations:\n")
	const locations = 3_000
	for i := range locations {
		fmt.Fprintf(&text, "    - {type: url, tarjet: 'https://example.invalid/%d'}\n", i)
	}
	parsed := document(t, text.String())
	set := release(t)
	began := time.Now()
	found := set.Check(parsed)
	spent := time.Since(began)
	fmt.Printf("figure: schema_check_of_3000_locations_s: %.2f\n", spent.Seconds())
	if !orbit.HasErrors(found) || spent > 20*time.Second {
		t.Errorf("%d findings in %s", len(found), spent)
	}
	if len(found) > 2*maxFaults {
		t.Errorf("%d findings are more than anybody reads", len(found))
	}
}

func FuzzCheck(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"type": "object"}`, "a: 1"},
		{`{"properties": {"a": {"anyOf": [{"type": "string"}, {"const": 1}]}}, "required": ["b"]}`, "a: [${B}]"},
		{`{"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"$ref": "#"}}`, "a: {a: {b: {}}}"},
		{`{"items": [{"type": "null"}], "patternProperties": {"^(?=x)": {"not": {}}}, "minimum": 1.5, "multipleOf": 0.1}`, "x: [~, 0x1F, .5]"},
		{`{"properties": {"u": {"type": "string", "visibility": "secret", "minLength": 1000000}}, "required": ["u"]}`, "u: ''"},
		{`{"if": {"required": ["a"]}, "then": false, "dependencies": {"a": ["b"]}, "oneOf": []}`, "{a: 1, a-b: 2}"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, value, text string) {
		compiled, err := compile("@backstage/x", json.RawMessage(value))
		if err != nil {
			return
		}
		set := newSet([]*schema{compiled})
		parsed, diagnostics := appconfig.Parse(text)
		if orbit.HasErrors(diagnostics) {
			return
		}
		for _, d := range set.Check(parsed) {
			path, err := appconfig.ParsePath(d.Path)
			if err != nil || d.Message == "" || d.Code == "" || d.Severity == "" {
				t.Errorf("malformed finding %+v: %v", d, err)
			}
			if missing := parsed.At(path).Kind() == appconfig.Missing; missing != (d.Code == orbit.CodeMissingKey) && parsed.At(path).Kind() != appconfig.Null {
				t.Errorf("%s is about nothing", d)
			}
		}
		for _, literal := range set.LiteralSecrets(parsed) {
			if !set.Secret(literal.Path) {
				t.Errorf("%s is a secret and is none", literal.Path)
			}
		}
		set.Smallest("@backstage/x")
	})
}

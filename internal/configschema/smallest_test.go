package configschema

import (
	"fmt"
	"strings"
	"testing"
)

func TestTheSmallestDocument(t *testing.T) {
	t.Parallel()
	set := schemas(t, map[string]string{
		"root": `{"properties": {"root": {"type": "object", "properties": {
			"url": {"type": "string"}, "host": {"type": "string"}, "email": {"type": "string"}, "name": {"type": "string"},
			"mode": {"enum": ["fast", "slow"]}, "kind": {"const": "k"}, "count": {"type": "number", "minimum": 3},
			"more": {"type": "integer"}, "on": {"type": "boolean"}, "list": {"type": "array", "items": {"type": "string"}},
			"two": {"type": "array", "minItems": 2, "items": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}},
			"either": {"anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, {"type": "string"}]},
			"preset": {"type": "string", "default": "as it is"}, "optional": {"type": "string"}},
			"required": ["url", "host", "email", "name", "mode", "kind", "count", "more", "on", "list", "two", "either", "preset"]}},
			"required": ["root"]}`,
		"optional": `{"properties": {"optional": {"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"]},
			"shared": {"type": "object", "properties": {"mine": {"type": "string"}}, "required": ["mine"]}}}`,
		"other":   `{"properties": {"shared": {"type": "object", "properties": {"theirs": {"type": "string"}}}, "root": {"required": ["extra"]}}}`,
		"endless": `{"properties": {"endless": {"$ref": "#/definitions/e"}}, "definitions": {"e": {"type": "object", "properties": {"e": {"$ref": "#/definitions/e"}}, "required": ["e"]}}}`,
		"managed": `{"properties": {"app": {"type": "object", "properties": {"baseUrl": {"type": "string"}}, "required": ["baseUrl"]}}, "required": ["app"]}`,
	})
	root := `"root":{"count":3,"either":{"a":"example"},"email":"nobody@example.invalid","extra":"example","host":"example.invalid",` +
		`"kind":"k","list":[],"mode":"fast","more":1,"name":"example","on":false,"preset":"as it is","two":[{"id":"example"},` +
		`{"id":"example"}],"url":"https://example.invalid"}`
	for owners, want := range map[string]string{
		"":               `{` + root + `}`,
		"optional":       `{"optional":{"key":"example"},` + root + `}`,
		"optional other": `{"optional":{"key":"example"},` + root + `,"shared":{"mine":"example"}}`,
		"nobody":         `{` + root + `}`,
	} {
		smallest, reasons := set.Smallest(strings.Fields(owners)...)
		if got := smallest.Canonical(); string(got) != want {
			t.Errorf("%q: %s, want %s", owners, got, want)
		}
		if found := set.Check(smallest); len(found) > 0 {
			t.Errorf("%q: %v", owners, found)
		}
		for _, reason := range reasons {
			if reason.Package == "" || len(reason.Path) == 0 {
				t.Errorf("%q: %s", owners, reason)
			}
		}
	}
	if smallest, _ := set.Smallest("endless"); len(smallest.JSON()) > 1000 {
		t.Errorf("a schema without a smallest value: %s", smallest.JSON())
	}
	doubled := `{"required": ["d0"], "properties": {"d0": {"$ref": "#/definitions/d0"}}, "definitions": {`
	for i := range 40 {
		doubled += fmt.Sprintf(`"d%d": {"type": "object", "required": ["a", "b"], "properties": `+
			`{"a": {"$ref": "#/definitions/d%d"}, "b": {"$ref": "#/definitions/d%[2]d"}}}, `, i, i+1)
	}
	if _, reasons := one(t, doubled+`"d40": {}}}`).Smallest(); len(reasons) > 2*maxMade {
		t.Errorf("%d keys are made", len(reasons))
	}
}

// What is made up for real packages is taken by their schemas.
func TestTheSmallestDocumentOfRealPackages(t *testing.T) {
	t.Parallel()
	others := plugins(t)
	set := Join(release(t), others)
	if smallest, reasons := release(t).Smallest(); !smallest.IsEmpty() {
		t.Errorf("the release wants %s: %v", smallest.JSON(), reasons)
	}
	for _, name := range others.Packages() {
		smallest, reasons := set.Smallest(name)
		if found := set.Check(smallest); len(found) > 0 {
			t.Errorf("%s: %s is refused: %v", name, smallest.JSON(), found)
		}
		if name == "@backstage-community/plugin-jenkins-backend" {
			want := "jenkins: the section of " + name
			if len(reasons) == 0 || reasons[0].String() != want {
				t.Errorf("reasons %v, want %q first", reasons, want)
			}
		}
	}
}

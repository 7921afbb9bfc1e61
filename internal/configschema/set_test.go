package configschema

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":   "read the serialised config schemas",
		"[]": "read the serialised config schemas",
		"{}": "backstageConfigSchemaVersion is 0; want 1",
		`{"backstageConfigSchemaVersion": 2, "schemas": []}`: "backstageConfigSchemaVersion is 2; want 1",
	} {
		if set, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || len(set.Packages()) > 0 {
			t.Errorf("%q: %v, %v; want %q", text, set, err, want)
		}
	}
}

// A schema that cannot be read is no reason to check nothing.
func TestABrokenSchemaLeavesTheOthers(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{
		"a type that does not exist": `{"type": "nonsense"}`,
		"a reference to nothing":     `{"$ref": "#/definitions/nowhere"}`,
		"a reference to a file":      `{"$ref": "file:///etc/passwd"}`,
		"a reference to a server":    `{"properties": {"a": {"$ref": "https://schemas.test/a.json"}}}`,
		"a number beyond numbers":    `{"minimum": 1e999999999}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, err := Parse([]byte(`{"backstageConfigSchemaVersion": 1, "schemas": [
				{"packageName": "broken", "path": "a", "value": ` + broken + `},
				{"packageName": "whole", "path": "b", "value": {"properties": {"n": {"type": "number"}}}}]}`))
			if err == nil || !strings.Contains(err.Error(), "compile the config schema of broken") {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff([]string{"whole"}, set.Packages()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"error wrong_type n"}, told(set.Check(document(t, "n: many")))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPackageSpeaksOnce(t *testing.T) {
	t.Parallel()
	wants := func(kind string) string { return `{"properties": {"key": {"type": "` + kind + `"}}}` }
	set, err := Parse([]byte(`{"backstageConfigSchemaVersion": 1, "schemas": [
		{"packageName": "a", "path": "node_modules/a/package.json", "value": ` + wants("number") + `},
		{"packageName": "a", "path": "node_modules/b/node_modules/a/package.json", "value": ` + wants("array") + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if found := set.Check(document(t, "key: 1")); len(found) > 0 {
		t.Errorf("an inner copy speaks: %v", found)
	}
	newer := Join(set, schemas(t, map[string]string{"a": wants("boolean"), "c": `{"properties": {"other": {"type": "number"}}}`}))
	if diff := cmp.Diff([]string{"a", "c"}, newer.Packages()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"error wrong_type key", "error wrong_type other"}, told(newer.Check(document(t, "{key: [], other: x}")))); diff != "" {
		t.Error(diff)
	}
	if found := newer.Check(document(t, "key: yes")); len(found) > 0 {
		t.Errorf("the old one speaks: %v", found)
	}
}

func TestTheEmptySetFindsNothing(t *testing.T) {
	t.Parallel()
	for _, set := range []Set{{}, Join(), Join(Set{}, Set{})} {
		document := document(t, "a: {b: [c]}")
		smallest, reasons := set.Smallest("x")
		if found := set.Check(document); len(found) > 0 || len(set.LiteralSecrets(document)) > 0 || !smallest.IsEmpty() || len(reasons) > 0 {
			t.Errorf("%v, %v", found, smallest)
		}
	}
}

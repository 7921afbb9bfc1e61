package appconfig

import (
	"encoding/json"
	"testing"
)

var fuzzSeeds = []string{
	"", "a: 1\n", "a: [1, {b: c}]\n", "{\"a\": {\"b\": [1, 2.5, null]}}", "a: &x {b: 1}\nc: *x\n", "a: ${X:-y} $${Z}\n",
	"proxy:\n  endpoints:\n    /a: {target: 'http://x', headers: {h: 'Bearer ${T}'}}\n", "a: |\n  x\n  y\n", "? a\n: b\n",
	"a: {$env: X}\n", "- 1\n", "a: !!str 1\n", "a: 0o17\nb: .5e3\nc: .inf\n", "---\na: 1\n...\n", "a:\n\tb: 1\n", "{a: 1, a: 2}",
}

func FuzzParse(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, diagnostics := Parse(text)
		for _, d := range diagnostics {
			if d.Message == "" || d.Line < 0 || (d.Line > 0) != (d.Column > 0) {
				t.Errorf("malformed diagnostic %+v", d)
			}
		}
		if !json.Valid(doc.JSON()) || !json.Valid(doc.Canonical()) {
			t.Fatalf("not JSON: %s", doc.JSON())
		}
		if len(diagnostics) > 0 {
			return
		}
		again, diagnostics := Parse(string(doc.JSON()))
		if len(diagnostics) > 0 || !Equal(doc, again) {
			t.Fatalf("%s reads back as %s, %v", doc.JSON(), again.JSON(), diagnostics)
		}
	})
}

func FuzzMerge(f *testing.F) {
	for i, seed := range fuzzSeeds {
		f.Add(seed, fuzzSeeds[len(fuzzSeeds)-1-i])
	}
	f.Fuzz(func(t *testing.T, lower, upper string) {
		a, _ := Parse(lower)
		b, _ := Parse(upper)
		merged := Merge(a, b)
		if !Equal(Merge(merged), merged) || !Equal(Merge(a, merged), Merge(merged, merged)) && !hasNull(b.Value()) {
			t.Errorf("merging %s and %s again changes something", a.JSON(), b.JSON())
		}
		if hasNull(merged.Value()) {
			t.Errorf("a null is left in %s", merged.JSON())
		}
	})
}

func hasNull(value Value) bool {
	for _, field := range value.Fields() {
		if field.Kind() == Null || hasNull(field) {
			return true
		}
	}
	return false
}

func FuzzReferences(f *testing.F) {
	for _, seed := range []string{"", "${A}", "$${A}", "${A:-b}", "${A:-}${B}", "${", "${a{b}}", "$$$${x}", "${:-}", "${ A :- b }"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := Document{&node{kind: Mapping, size: 2, entries: []entry{{key: "a", value: &node{kind: String, text: text, size: 1}}}}}
		references := doc.References()
		all, diagnostics := doc.Resolve(func(string) (string, bool) { return "v", true })
		if len(diagnostics) > 0 || all.At(Keys("a")).Kind() != String {
			t.Fatalf("%q with every name defined: %s, %v", text, all.JSON(), diagnostics)
		}
		none, diagnostics := doc.Resolve(func(string) (string, bool) { return "", false })
		required := 0
		for _, r := range references {
			if !r.HasDefault {
				required++
			}
		}
		if len(diagnostics) != required {
			t.Fatalf("%q with no name defined: %v", text, diagnostics)
		}
		if !Equal(none, doc.WithoutUndefined(func(string) bool { return false })) && len(references) == 0 && none.IsEmpty() {
			t.Fatalf("%q disappears without a reference", text)
		}
	})
}

package appconfig

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// parsed parses a document that has to be right.
func parsed(t testing.TB, text string) Document {
	t.Helper()
	doc, diagnostics := Parse(text)
	if len(diagnostics) > 0 {
		t.Fatalf("parse %q: %v", text, diagnostics)
	}
	return doc
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text   string
		code         orbit.Code
		line, column int
		message      string
	}{
		{"bad indentation", "backend:\n  cors:\n    origin: x\n   credentials: true\n", orbit.CodeInvalidDocument, 4, 4, ""},
		{"far below the mapping's begin", "app:\n  title: x\nbackend:\n  a: 1\n  b: 2\n  c: [1\n  d: 3\n", orbit.CodeInvalidDocument, 6, 3, ""},
		{"tab", "a:\n  b: 1\n\tc: 2\n", orbit.CodeInvalidDocument, 3, 1, ""},
		{"open quote", "a: 1\nb: \"x\nc: 2\n", orbit.CodeInvalidDocument, 2, 1, ""},
		{"first line", "a: b: c\n", orbit.CodeInvalidDocument, 1, 1, "mapping values are not allowed"},
		{"broken JSON", "{\n  \"a\": 1,\n  \"b\" 2\n}\n", orbit.CodeInvalidDocument, 3, 7, "after object key"},
		{"equal keys", "a: 1\nb:\n  c: 1\n  c: 2\n", orbit.CodeInvalidDocument, 4, 3, `"c" is set twice, first in line 3`},
		{"equal keys in JSON", "{\"a\": 1,\n  \"a\": 2}", orbit.CodeInvalidDocument, 2, 3, `"a" is set twice, first in line 1`},
		{"infinity", "a:\n  b: .inf\n", orbit.CodeInvalidDocument, 2, 6, "JSON"},
		{"number out of range", "a: 1e999\n", orbit.CodeInvalidDocument, 1, 4, "JSON"},
		{"number out of range in JSON", "{\"a\": 1e999}", orbit.CodeInvalidDocument, 1, 7, "out of range"},
		{"several documents", "a: 1\n---\nb: 1\n", orbit.CodeInvalidDocument, 2, 1, "several"},
		{"tag", "a: !foo 1\n", orbit.CodeInvalidDocument, 1, 4, "!foo"},
		{"directive", "# x\n%YAML 1.1\n---\na: 1\n", orbit.CodeInvalidDocument, 2, 1, "directives"},
		{"alias to itself", "a: &x [*x]\n", orbit.CodeInvalidDocument, 1, 8, "contains it"},
		{"list", "\n- a\n", orbit.CodeNotAMapping, 2, 1, "a list"},
		{"string", "hello\n", orbit.CodeNotAMapping, 1, 1, "a string"},
		{"file", "a:\n  b:\n    $file: x.txt\n", orbit.CodeForbiddenDirective, 3, 5, "$file"},
		{"include", "{\"a\": [{\"$include\": \"x.yaml\"}]}", orbit.CodeForbiddenDirective, 1, 9, "$include"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, diagnostics := Parse(c.text)
			if len(diagnostics) != 1 {
				t.Fatalf("got %v", diagnostics)
			}
			got := diagnostics[0]
			if got.Code != c.code || got.Line != c.line || got.Column != c.column || got.Severity != orbit.SeverityError ||
				!strings.Contains(got.Message, c.message) {
				t.Errorf("got %+v, want %s at %d:%d with %q", got, c.code, c.line, c.column, c.message)
			}
		})
	}
}

func TestHostileDocumentsAreRefusedQuickly(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	half := MaxSize / 2
	for name, text := range map[string]string{
		"too large":           strings.Repeat("x", MaxSize+1),
		"alias bomb":          bomb,
		"deep flow":           "a: " + strings.Repeat("[", half),
		"deep flow, closed":   "a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"deep JSON":           `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}",
		"deep block":          deepBlock(1400),
		"dashes":              strings.Repeat("- ", half),
		"wide":                "a: [" + strings.Repeat("1,", MaxNodes+1) + "1]",
		"wide JSON":           `{"a":[` + strings.Repeat("1,", MaxNodes+1) + "1]}",
		"question marks":      strings.Repeat("? ", half),
		"many broken lines":   strings.Repeat("a: 1\n", 1000) + strings.Repeat("b\n", 100_000),
		"long broken line":    "a: [" + strings.Repeat("x ", half-10),
		"open mappings":       strings.Repeat("{a: ", 200_000),
		"anchors":             "a: [" + strings.Repeat("&a x, ", 100_000) + "*a]",
		"colons":              strings.Repeat(":", MaxSize),
		"quotes never closed": "a: \"" + strings.Repeat("\n", half),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			_, diagnostics := Parse(text)
			if !orbit.HasErrors(diagnostics) && name != "colons" {
				t.Error("accepted")
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %s", took)
			} else {
				t.Logf("took %s: %v", took, diagnostics)
			}
		})
	}
}

func deepBlock(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestPathsAreWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	for want, path := range map[string]Path{
		"":                                    nil,
		"backend.cors.origin":                 Keys("backend", "cors", "origin"),
		`proxy.endpoints["/argocd/api"]`:      Keys("proxy", "endpoints", "/argocd/api"),
		"catalog.locations[1].target":         Keys("catalog", "locations").Child(Index(1)).Child(Key("target")),
		`["a.b"].c[0][1]`:                     Keys("a.b", "c").Child(Index(0)).Child(Index(1)),
		`a["\"]\n<é>"]._x-1`:                  Keys("a", "\"]\n<é>", "_x-1"),
		`a[""]["1"]`:                          Keys("a", "", "1"),
		`plugins["@roadiehq/argocd"].version`: Keys("plugins", "@roadiehq/argocd", "version"),
	} {
		if got := path.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		back, err := ParsePath(want)
		if err != nil || back.String() != want || len(back) != len(path) {
			t.Errorf("%s reads back as %v, %v", want, back, err)
		}
	}
	for _, text := range []string{".a", "a.", "a..b", "a[", "a[x]", "a[-1]", `a["x`, `a["x"`, "a b", "a[1]b", "1"} {
		if path, err := ParsePath(text); err == nil {
			t.Errorf("%q is read as %v", text, path)
		}
	}
}

func TestEqualAndCanonicalSeeMeaningOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, a, b string
		equal      bool
	}{
		{"order of keys", "a: 1\nb: {c: 1, d: 2}\n", "b: {d: 2, c: 1}\na: 1\n", true},
		{"yaml and json", "a: [1, yes]\nb: 0x10\n", `{"b":16.0,"a":[1,"yes"]}`, true},
		{"comments and quotes", "a: x # y\n", "'a': \"x\"\n", true},
		{"aliases", "a: &x {p: 1}\nb: *x\n", "a: {p: 1}\nb: {p: 1}\n", true},
		{"env directive", "a: {$env: NAME}\n", "a: ${NAME}\n", true},
		{"order of a list", "a: [1, 2]\n", "a: [2, 1]\n", false},
		{"string and number", "a: 1\n", "a: '1'\n", false},
		{"null and absent", "a: null\n", "", false},
		{"routes apart", "proxy: {endpoints: {/a: {target: x}, /ab: {target: y}}}", "proxy: {endpoints: {/ab: {target: y}, /a: {target: x}}}", true},
		{"routes that overlap", "proxy: {endpoints: {/a: x, /A/b: y}}", "proxy: {endpoints: {/A/b: y, /a: x}}", false},
		{"routes with patterns", "proxy: {endpoints: {/:a: x, /b: y}}", "proxy: {endpoints: {/b: y, /:a: x}}", false},
		{"routes in the deprecated place", "proxy: {/a: x, /a/b: y}", "proxy: {/a/b: y, /a: x}", false},
		{"rewrite rules", "proxy: {endpoints: {/a: {pathRewrite: {x: y, z: w}}}}", "proxy: {endpoints: {/a: {pathRewrite: {z: w, x: y}}}}", false},
		{"headers", "proxy: {endpoints: {/a: {headers: {x: y, z: w}}}}", "proxy: {endpoints: {/a: {headers: {z: w, x: y}}}}", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := parsed(t, c.a), parsed(t, c.b)
			if Equal(a, b) != c.equal || Equal(b, a) != c.equal {
				t.Errorf("Equal says %v", !c.equal)
			}
			if (string(a.Canonical()) == string(b.Canonical())) != c.equal {
				t.Errorf("Canonical gives %s and %s", a.Canonical(), b.Canonical())
			}
		})
	}
}

func TestDiffNamesTheHighestPathThatWhollyDiffers(t *testing.T) {
	t.Parallel()
	before := parsed(t, "a: {b: {c: 1, d: 2}}\ngone: {x: {y: 1}}\nlist: [1, 2]\nsame: {z: [1]}\n")
	after := parsed(t, "a: {b: {c: 1, d: 3}, e: {f: 1}}\nlist: [1]\nsame: {z: [1]}\n")
	var got []string
	for _, change := range Diff(before, after) {
		got = append(got, fmt.Sprint(change.Path, " ", change.Kind))
	}
	want := []string{"a.b.d 3", "a.e 1", "gone 2", "list 3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReferencesAreFoundWithTheirPlace(t *testing.T) {
	t.Parallel()
	doc := parsed(t, "proxy:\n  endpoints:\n    /a:\n      headers:\n        Authorization: Bearer ${TOKEN}\nb: ['$${NOT}', '${X:-y}${ Z }']\n")
	want := []Reference{
		{Name: "TOKEN", Path: Keys("proxy", "endpoints", "/a", "headers", "Authorization"), Line: 5, Column: 9},
		{Name: "X", Path: Keys("b").Child(Index(1)), HasDefault: true, Default: "y", Line: 6, Column: 16},
		{Name: "Z", Path: Keys("b").Child(Index(1)), Line: 6, Column: 16},
	}
	if diff := cmp.Diff(want, doc.References(), cmp.AllowUnexported(Step{})); diff != "" {
		t.Error(diff)
	}
	diagnostics := doc.CheckReferences(func(name string) bool { return name == "Z" })
	if len(diagnostics) != 1 || diagnostics[0].Code != orbit.CodeUndefinedSecret || diagnostics[0].Line != 5 ||
		diagnostics[0].Path != `proxy.endpoints["/a"].headers.Authorization` || !strings.Contains(diagnostics[0].Message, "TOKEN") {
		t.Errorf("got %+v", diagnostics)
	}
}

func TestOwnedKeysAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for _, owned := range OwnedKeys() {
		root := &node{kind: String, text: "x", at: position{7, 7}, size: 1}
		for i := len(owned.Path) - 1; i >= 0; i-- {
			root = &node{kind: Mapping, entries: []entry{{owned.Path[i].key, position{i + 1, 1}, root}}, size: 1}
		}
		diagnostics := Document{root}.CheckOwned()
		if len(diagnostics) != 1 || diagnostics[0].Path != owned.Path.String() || diagnostics[0].Line != len(owned.Path) {
			t.Errorf("%s: got %+v", owned.Path, diagnostics)
		}
	}
	if diagnostics := parsed(t, "backend: {cors: {origin: x}, auth: {externalAccess: []}}\napp: {title: x}\n").CheckOwned(); diagnostics != nil {
		t.Errorf("got %+v", diagnostics)
	}
	if diagnostics := parsed(t, "backend:\n  database:\n    client: pg\n").CheckOwned(); len(diagnostics) != 1 || diagnostics[0].Line != 2 {
		t.Errorf("got %+v", diagnostics)
	}
}

func TestFragmentsOfDifferentOwnersMayNotContradict(t *testing.T) {
	t.Parallel()
	fragments := map[string]Document{
		"a": parsed(t, "x: {y: 1, z: [1]}\nonly: a\n"),
		"b": parsed(t, "x: {y: 1, z: [2], w: {}}\n"),
		"c": parsed(t, "x: {w: {v: 1}}\nq: 1\n"),
	}
	diagnostics := Conflicts(fragments, strings.ToUpper)
	if len(diagnostics) != 1 || diagnostics[0].Path != "x.z" || diagnostics[0].Plugin != "b" || diagnostics[0].Line != 1 ||
		diagnostics[0].Message != "A and B set x.z to different values; set it in one of them only" {
		t.Errorf("got %+v", diagnostics)
	}
	merged := LayerFragments(parsed(t, "x: {y: 0, w: {u: 1}}\nbase: 1\n"), map[string]Document{"a": fragments["a"], "c": fragments["c"]})
	if want := `{"x":{"y":1,"z":[1],"w":{"v":1,"u":1}},"only":"a","q":1,"base":1}`; string(merged.JSON()) != want {
		t.Errorf("got %s", merged.JSON())
	}
}

// shuffled writes a document as JSON with the keys of every mapping in another order.
func shuffled(random *rand.Rand, value Value) string {
	switch value.Kind() {
	case Mapping:
		var parts []string
		for key, field := range value.Fields() {
			parts = append(parts, string(appendString(nil, key))+": "+shuffled(random, field))
		}
		random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return "{" + strings.Join(parts, ", ") + "}"
	case Sequence:
		var parts []string
		for _, item := range value.Items() {
			parts = append(parts, shuffled(random, item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return string(appendNode(nil, value.n, nil, false))
	}
}

// arbitrary makes a document's value of a few keys, so that documents share paths.
func arbitrary(random *rand.Rand, depth int) *node {
	kind := random.IntN(9)
	if depth == 0 {
		kind = 8
	}
	if kind < 5 && depth < 1 {
		kind = 5
	}
	switch kind {
	case 0:
		return &node{kind: Null, size: 1}
	case 1:
		return &node{kind: Bool, truth: random.IntN(2) == 0, size: 1}
	case 2:
		n, _ := newNumber(float64(random.IntN(3)))
		return n
	case 3:
		return &node{kind: String, text: []string{"", "x", "${A}", "${B:-}"}[random.IntN(4)], size: 1}
	case 4:
		n := &node{kind: Sequence, size: 1}
		for range random.IntN(3) {
			n.items = append(n.items, arbitrary(random, depth+1))
		}
		return n
	default:
		n := &node{kind: Mapping, size: 1}
		if depth > 4 {
			return n
		}
		for _, key := range []string{"a", "b", "c d"} {
			if random.IntN(3) > 0 {
				n.entries = append(n.entries, entry{key: key, value: arbitrary(random, depth+1)})
			}
		}
		return n
	}
}

func TestPropertiesOfDocuments(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 600 {
		a, b, c := Document{arbitrary(random, 0)}, Document{arbitrary(random, 0)}, Document{arbitrary(random, 0)}
		again := parsed(t, shuffled(random, a.Value()))
		if !Equal(a, again) || string(a.Canonical()) != string(again.Canonical()) {
			t.Fatalf("%s is not %s", a.JSON(), again.JSON())
		}
		if Equal(a, b) != (string(a.Canonical()) == string(b.Canonical())) || Equal(a, b) != Equal(b, a) {
			t.Fatalf("Equal and Canonical disagree on %s and %s", a.JSON(), b.JSON())
		}
		if !Equal(Merge(a, b), Merge(again, b)) || !Equal(Merge(a, a), Merge(a)) {
			t.Fatalf("merging depends on the order of keys: %s, %s", a.JSON(), b.JSON())
		}
		if !Equal(Merge(Merge(a, b), c), Merge(a, b, c)) {
			t.Fatalf("merging from below differs: %s, %s, %s", a.JSON(), b.JSON(), c.JSON())
		}
		if len(Diff(a, b)) != len(Diff(b, a)) {
			t.Fatalf("differences are not symmetric: %s, %s", a.JSON(), b.JSON())
		}
		fragments := map[string]Document{"b": b, "c": c}
		if Conflicts(fragments, strings.ToUpper) == nil && !Equal(Merge(a, b, c), Merge(a, c, b)) {
			t.Fatalf("order matters without a conflict: %s, %s, %s", a.JSON(), b.JSON(), c.JSON())
		}
	}
}

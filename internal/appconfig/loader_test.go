package appconfig

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

// loaderCase is one document, or several layers of them, later over earlier, and what Backstage's loader makes of it
// with the secrets SET=" value ", EMPTY="" and DOLLAR="$x".
type loaderCase struct {
	name   string
	layers []string
	want   string // JSON with the keys in the loader's order; "" when it is refused
	// only says that Backstage's loader answers something else than we do, and why we do not follow.
	only string
}

func one(name, text, want string) loaderCase { return loaderCase{name, []string{text}, want, ""} }

var loaderCases = []loaderCase{
	one("empty", "", `{}`),
	one("only a comment", "# nothing\n", `{}`),
	one("null document", "~\n", `{}`),
	one("begin marker", "---\na: 1\n", `{"a":1}`),
	one("end marker", "a: 1\n...\n", `{"a":1}`),
	one("byte order mark", "\ufeffa: 1\n", `{"a":1}`),
	one("windows line ends", "a: 1\r\nb: x\r\n", `{"a":1,"b":"x"}`),
	one("yes and no are strings", "a: yes\nb: no\nc: on\nd: off\ne: y\nf: N\n", `{"a":"yes","b":"no","c":"on","d":"off","e":"y","f":"N"}`),
	one("booleans", "a: true\nb: False\nc: TRUE\nd: tRUE\n", `{"a":true,"b":false,"c":true,"d":"tRUE"}`),
	one("octal needs 0o", "a: 0o17\nb: 0777\nc: 0o8\nd: -0o7\n", `{"a":15,"b":777,"c":"0o8","d":"-0o7"}`),
	one("hexadecimal", "a: 0x1F\nb: 0X1F\nc: -0x1\n", `{"a":31,"b":"0X1F","c":"-0x1"}`),
	one("integers", "a: 0\nb: -0\nc: +7\nd: 007\ne: 1_000\n", `{"a":0,"b":0,"c":7,"d":7,"e":"1_000"}`),
	one("large integers", "a: 9007199254740991\nb: 9007199254740993\nc: 123456789012345678901234567890\n", `{"a":9007199254740991,"b":9007199254740992,"c":1.2345678901234568e+29}`),
	one("floats", "a: 1.50\nb: .5\nc: 5.\nd: 1e3\ne: 1E-7\nf: -1.5e+2\ng: e3\nh: .\n", `{"a":1.5,"b":0.5,"c":5,"d":1000,"e":1e-7,"f":-150,"g":"e3","h":"."}`),
	one("no sexagesimal", "a: 1:30\nb: 12:30:45\nc: 190:20:30.15\n", `{"a":"1:30","b":"12:30:45","c":"190:20:30.15"}`),
	one("no binary", "a: 0b101\n", `{"a":"0b101"}`),
	one("no timestamps", "a: 2024-01-01\nb: 2001-12-14t21:59:43.10-05:00\n", `{"a":"2024-01-01","b":"2001-12-14t21:59:43.10-05:00"}`),
	one("nulls in lists stay", "a: [null, ~, '']\n", `{"a":[null,null,""]}`),
	one("nulls in mappings go", "a: null\nb: ~\nc: Null\nd:\ne: nULL\n", `{"e":"nULL"}`),
	one("nested nulls", "a: {b: null, c: 1}\nd: [{e: null}]\n", `{"a":{"c":1},"d":[{"e":null}]}`),
	one("merge key is a key", "b: &x {p: 1}\na:\n  <<: *x\n  q: 2\n", `{"b":{"p":1},"a":{"<<":{"p":1},"q":2}}`),
	one("anchors and aliases", "a: &x [1, 2]\nb: *x\nc: &y k\n*y : 3\n", `{"a":[1,2],"b":[1,2],"c":"k","k":3}`),
	one("anchor set again", "a: &x 1\nb: *x\nc: &x 2\nd: *x\n", `{"a":1,"b":1,"c":2,"d":2}`),
	one("number keys", "x1: 1\n1: a\n0x10: b\n1.50: c\ntrue: d\n", `{"1":"a","16":"b","x1":1,"1.5":"c","true":"d"}`),
	one("quoted scalars", "a: '1'\nb: \"true\"\nc: 'it''s'\nd: \"\\u00e9\\n\\x41\"\n", `{"a":"1","b":"true","c":"it's","d":"é\nA"}`),
	one("literal block", "a: |\n  x\n   y\n\n  z\nb: |-\n  x\nc: |+\n  x\n\nd: 1\n", `{"a":"x\n y\n\nz\n","b":"x","c":"x\n\n","d":1}`),
	one("folded block", "a: >\n  x\n  y\n\n  z\nb: >-\n  x\n    y\n  z\n", `{"a":"x y\nz\n","b":"x\n  y\nz"}`),
	one("plain over lines", "a: x\n  y\n\n  z\nb: 1\n", `{"a":"x y\nz","b":1}`),
	one("comments", "a: x # c\nb: x#c\nc: 'x # c'\n", `{"a":"x","b":"x#c","c":"x # c"}`),
	one("flow", "{a: 1, b: [x, {c: d}], 'e':f, g: }\n", `{"a":1,"b":["x",{"c":"d"}],"e":"f"}`),
	one("flow over lines", "a: [\n  1,\n  2,\n]\nb: {\n  c: 1,\n}\n", `{"a":[1,2],"b":{"c":1}}`),
	one("list as deep as its key", "a:\n- 1\n- b: 2\n  c: 3\n", `{"a":[1,{"b":2,"c":3}]}`),
	one("urls and colons", "a: http://x:80/y\nb: a:b\n\"/c d\": e\n", `{"a":"http://x:80/y","b":"a:b","/c d":"e"}`),
	one("explicit key", "? a\n: 1\n", `{"a":1}`),
	one("tag str", "a: !!str 12\nb: !!str true\nc: !!map {d: 1}\ne: !!seq [1]\n", `{"a":"12","b":"true","c":{"d":1},"e":[1]}`),
	one("json", "{\"a\": [1, 2.50, -0.0, true, null], \"b\": {\"c\": \"\\ud83d\\ude00 \\/ <>\"}}", `{"a":[1,2.5,0,true,null],"b":{"c":"😀 / <>"}}`),
	one("json with tabs", "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n", `{"a":{"b":1}}`),
	one("integer keys come first", "b: 1\n10: x\n2: y\n", `{"2":"y","10":"x","b":1}`),
	one("document of quoted lines", "a: \"x\n  y\"\n", `{"a":"x y"}`),
	one("emoji and umlauts", "ä: ö 😀\n", `{"ä":"ö 😀"}`),
	one("at and backtick quoted", "a: '@b'\nb: \"`c\"\n", "{\"a\":\"@b\",\"b\":\"`c\"}"),
	one("asterisk quoted", "a: '*'\n", `{"a":"*"}`),

	one("reference", "a: ${SET}\nb: x-${SET}-${DOLLAR}\n", `{"a":"value","b":"x-value-$x"}`),
	one("reference with spaces", "a: ${ SET }\n", `{"a":"value"}`),
	one("empty secret", "a: ${EMPTY}\n", `{"a":""}`),
	one("default", "a: ${NOPE:-x y}\nb: ${SET:-x}\nc: ${EMPTY:- z }\nd: p${NOPE:-:-}q\n", `{"a":"x y","b":"value","c":"z","d":"p:-q"}`),
	one("empty default drops", "a: ${NOPE:-}\nb: ${EMPTY:-}\nc: ${SET:-}\nd: [1, 'x${NOPE:-}', 2]\n", `{"c":"value","d":[1,2]}`),
	one("escape", "a: $${SET}\nb: $$${SET}\nc: $SET\nd: ${SET\ne: '${a{b}}'\n", `{"a":"${SET}","b":"$${SET}","c":"$SET","d":"${SET","e":"${a{b}}"}`),
	one("keys are not replaced", "'${SET}': 1\n", `{"${SET}":1}`),
	one("env directive", "a: {$env: SET}\nb:\n  - $env: DOLLAR\n", `{"a":"value","b":["$x"]}`),
	{"undefined", []string{"a: 1\nb: ${NOPE}\n"}, "", "Backstage drops the key in silence"},
	{"undefined env directive", []string{"a: 1\nb: {$env: NOPE}\n"}, "", "Backstage drops the key in silence"},
	{"env directive through a reference", []string{"a: {$env: 'S${EMPTY}ET'}\n"}, "", "a name that depends on a secret cannot be checked"},
	one("env directive beside keys", "a: {$env: SET, b: 1}\n", ``),
	one("env directive of a number", "a: {$env: 1}\n", ``),
	one("file directive", "a: {$file: nowhere.txt}\n", ``),
	one("include directive", "a: {$include: nowhere.yaml}\n", ``),

	one("two equal keys", "a: 1\nb: 2\na: 3\n", ``),
	one("two equal keys in flow", "a: {b: 1, b: 2}\n", ``),
	one("two equal keys in JSON", `{"a": 1, "a": 2}`, ``),
	one("two documents", "a: 1\n---\nb: 2\n", ``),
	one("two documents, one empty", "a: 1\n---\n", ``),
	one("bad indentation", "a:\n  b: 1\n c: 2\n", ``),
	one("tab as indentation", "a:\n\tb: 1\n", ``),
	one("open quote", "a: \"x\nb: 1\n", ``),
	one("open bracket", "a: [1, 2\nb: 3\n", ``),
	one("unknown alias", "a: *x\n", ``),
	one("mapping in a plain scalar", "a: b: c\n", ``),
	one("reserved characters", "a: @b\n", ``),
	one("a list", "- 1\n", ``),
	one("a string", "hello\n", ``),
	one("a number", "1\n", ``),
	{"one key as number and string", []string{"1: a\n'1': b\n"}, "", "Backstage takes the last in silence"},
	{"infinity", []string{"a: .inf\n"}, "", "JSON cannot carry it to the process"},
	{"not a number", []string{"a: .NaN\n"}, "", "JSON cannot carry it to the process"},
	{"custom tag", []string{"a: !secret x\n"}, "", "Backstage ignores the tag"},
	{"int tag", []string{"a: !!int '1'\n"}, "", "nobody needs it, so one rule for all tags"},
	{"mapping as a key", []string{"? {a: 1}\n: b\n"}, "", "Backstage makes a string of it"},
	{"yaml 1.1", []string{"%YAML 1.1\n---\na: yes\n"}, "", "Backstage switches to YAML 1.1 altogether"},
	{"prototype", []string{"a: {__proto__: {b: 1}}\n"}, "", "Backstage loses the key"},

	{"layers merge", []string{"a: {b: 1, c: {d: 1}}\n", "a: {b: 2, c: {e: 2}}\n"}, `{"a":{"b":2,"c":{"e":2,"d":1}}}`, ""},
	{"lists replace", []string{"a: [1, 2]\n", "a: [3]\n"}, `{"a":[3]}`, ""},
	{"null unsets", []string{"a: {b: 1, c: 2}\nd: 1\n", "a: {b: null}\nd: ~\n"}, `{"a":{"c":2}}`, ""},
	{"set again above a null", []string{"a: {b: 1}\n", "a: null\n", "a: {c: 2}\n"}, `{"a":{"c":2}}`, ""},
	{"scalar over mapping", []string{"a: {b: 1}\n", "a: 1\n"}, `{"a":1}`, ""},
	{"mapping over scalar", []string{"a: 1\n", "a: {b: 1}\n"}, `{"a":{"b":1}}`, ""},
	{"mapping over list", []string{"a: [1]\n", "a: {b: 1}\n"}, `{"a":{"b":1}}`, ""},
	{"empty mapping hides nothing", []string{"a: {b: 1}\n", "a: {}\n"}, `{"a":{"b":1}}`, ""},
	{"empty layer", []string{"a: 1\n", "", "b: 2\n"}, `{"b":2,"a":1}`, ""},
	{"dropped key shows the layer below", []string{"a: 1\nb: 1\n", "a: '${NOPE:-}'\n"}, `{"a":1,"b":1}`, ""},
	{"env directive over a mapping", []string{"a: {b: 1}\n", "a: {$env: SET}\n"}, `{"a":"value"}`, ""},
	{"upper keys come first", []string{"a: {x: 1, y: 2}\n", "a: {z: 3, y: 4}\n"}, `{"a":{"z":3,"y":4,"x":1}}`, ""},
	{"nulls inside lists of upper layers", []string{"a: 1\n", "a: [{b: null}, null]\n"}, `{"a":[{"b":null},null]}`, ""},
}

var loaderSecrets = map[string]string{"SET": " value ", "EMPTY": "", "DOLLAR": "$x"}

// read does what Backstage's loader does with several files: each is parsed and resolved, then they are merged.
func read(layers []string) (doc Document, refused string) {
	resolved := make([]Document, len(layers))
	for i, text := range layers {
		doc, diagnostics := Parse(text)
		if len(diagnostics) > 0 {
			return Document{}, diagnostics[0].String()
		}
		resolved[i], diagnostics = doc.Resolve(func(name string) (string, bool) {
			value, ok := loaderSecrets[name]
			return value, ok
		})
		if len(diagnostics) > 0 {
			return Document{}, diagnostics[0].String()
		}
	}
	return Merge(resolved...), ""
}

func TestDocumentsMeanWhatBackstagesLoaderMakesOfThem(t *testing.T) {
	t.Parallel()
	for _, c := range loaderCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc, refused := read(c.layers)
			if (refused != "") != (c.want == "") {
				t.Fatalf("got %s, refused %q, want %q", doc.JSON(), refused, c.want)
			}
			if refused != "" {
				return
			}
			if diff := cmp.Diff(c.want, string(doc.JSON())); diff != "" && !integerKeys(c.want) {
				t.Error(diff)
			}
			if diff := cmp.Diff(decode(t, c.want), decode(t, string(doc.JSON()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// integerKeys tells the cases in which JavaScript sorts keys that are integers first, as it will when it reads our
// JSON.
func integerKeys(want string) bool {
	return strings.Contains(want, `{"1":`) || strings.Contains(want, `{"2":`)
}

func decode(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestTheLoadersTableIsTrue holds the table against a real Backstage, the one installed in ORBIT_TEST_BUNDLE.
func TestTheLoadersTableIsTrue(t *testing.T) {
	t.Parallel()
	release := os.Getenv("ORBIT_TEST_BUNDLE")
	if release == "" {
		t.Skip("ORBIT_TEST_BUNDLE does not name an installed release")
	}
	texts := make([][]string, len(loaderCases))
	for i, c := range loaderCases {
		texts[i] = c.layers
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), bundle.Node(release), "testdata/loader.mjs", filepath.Join(release, "node_modules"))
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	if err != nil {
		t.Fatalf("run Backstage's loader: %v", err)
	}
	var results []struct{ JSON, Error string }
	if err := json.Unmarshal(output, &results); err != nil {
		t.Fatalf("read %q: %v", output, err)
	}
	for i, c := range loaderCases {
		switch result := results[i]; {
		case c.only != "":
			if result.JSON == "" {
				t.Errorf("%s: the loader refuses it too, so the table need not explain: %s", c.name, result.Error)
			}
		case result.JSON != c.want:
			t.Errorf("%s: the loader gives %s%s, the table says %s", c.name, result.JSON, result.Error, c.want)
		}
	}
}

package appconfig

import "testing"

func TestWithPutsAValueInItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, document, path, value, want string }{
		{"replaces", "{a: {b: 1, c: 2}}", "a.b", "{x: [3]}", `{"a":{"b":{"x":[3]},"c":2}}`},
		{"adds at the end", "{a: {b: 1}, z: 0}", "a.c", "2", `{"a":{"b":1,"c":2},"z":0}`},
		{"makes the mappings on the way", "{}", "a.b.c", "true", `{"a":{"b":{"c":true}}}`},
		{"takes the place of what is no mapping", "{a: 1}", "a.b", "2", `{"a":{"b":2}}`},
		{"removes", "{a: {b: 1, c: 2}}", "a.b", "", `{"a":{"c":2}}`},
		{"removes what is not there", "{a: 1}", "b.c", "", `{"a":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			document, _ := Parse(c.document)
			before := string(document.JSON())
			path, err := ParsePath(c.path)
			if err != nil {
				t.Fatal(err)
			}
			var value Value
			if c.value != "" {
				holder, _ := Parse("{v: " + c.value + "}")
				value = holder.At(Keys("v"))
			}
			if got := string(document.With(path, value).JSON()); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if after := string(document.JSON()); after != before {
				t.Errorf("the document itself became %s", after)
			}
		})
	}
}

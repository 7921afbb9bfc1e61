package appconfig

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

var referenceSeeds = []string{
	"", "${A}", "$${A}", "${A:-b}", "${A:-}${B}", "${", "${a{b}}", "$$$${x}", "${:-}", "${ A :- b }", "$${A}${A}", "${A:-${B}}",
	"${A of p}", "${\u00a0A}", "${A:-:-}", "$${", "}${A}{", "\\${A}",
}

// text is a document with one string, at "a".
func text(value string) Document {
	return Document{&node{kind: Mapping, size: 2, entries: []entry{{key: "a", value: &node{kind: String, text: value, size: 1}}}}}
}

// scanned replaces references as the expression \$?\$\{[^{}]*\} finds them, by looking at one character after the other.
func scanned(value string, lookup func(name string) (string, bool)) (resolved string, keep bool) {
	var out strings.Builder
	for i := 0; i < len(value); i++ {
		at := i
		if strings.HasPrefix(value[at:], "$$") {
			at++ // the first "$" may escape what follows
		}
		end := -1
		if strings.HasPrefix(value[at:], "${") {
			if end = strings.IndexAny(value[at+2:], "{}"); end >= 0 && value[at+2+end] == '{' {
				end = -1
			}
		}
		if end < 0 {
			out.WriteByte(value[i])
			continue
		}
		inner := value[at+2 : at+2+end]
		next := at + 2 + end // the closing brace
		if at > i {
			out.WriteString("${" + inner + "}")
			i = next
			continue
		}
		name, fallback, has := strings.Cut(inner, ":-")
		got, defined := lookup(trim(name))
		got, fallback = trim(got), trim(fallback)
		switch {
		case !has && !defined, has && got == "" && fallback == "":
			return "", false
		case has && got == "":
			got = fallback
		}
		out.WriteString(got)
		i = next
	}
	return out.String(), true
}

func FuzzReferencesAgainstAnotherScanner(f *testing.F) {
	for _, seed := range referenceSeeds {
		f.Add(seed, "A", "value")
	}
	f.Fuzz(func(t *testing.T, value, name, secret string) {
		lookup := func(asked string) (string, bool) {
			if asked == trim(name) {
				return secret, true
			}
			return "", false
		}
		resolved, _ := text(value).Resolve(lookup)
		want, keep := scanned(value, lookup)
		switch got := resolved.At(Keys("a")); {
		case !keep && got.Kind() != Missing:
			t.Errorf("%q with %q is %q, want nothing", value, name, got.Text())
		case keep && (got.Kind() != String || got.Text() != want):
			t.Errorf("%q with %q is %q, want %q", value, name, got.Text(), want)
		}
	})
}

// To scope a document's references to what its owner has, and to look scoped names up with the owner, is to look up with
// the owner first.
func FuzzScopedReferences(f *testing.F) {
	for _, seed := range referenceSeeds {
		f.Add(seed, "A", "own", "B", "shared")
	}
	f.Fuzz(func(t *testing.T, value, ownName, own, sharedName, shared string) {
		if !environmentName.MatchString(ownName) || !environmentName.MatchString(sharedName) {
			return // no such names are accepted
		}
		ownNames, names := map[string]string{ownName: own}, map[string]string{sharedName: shared, ownName: "another's"}
		document := text(value)
		if slices.ContainsFunc(document.References(), func(r Reference) bool {
			_, owner := SplitScope(r.Name)
			return owner != ""
		}) {
			return // refused before it is composed
		}
		has := func(name string) bool {
			_, has := ownNames[name]
			return has
		}
		scoped := document.Scoped("@acme/p", has)
		got, faults := scoped.Resolve(func(scoped string) (string, bool) {
			name, owner := SplitScope(scoped)
			if owner == "@acme/p" {
				value, defined := ownNames[name]
				return value, defined
			}
			value, defined := names[name]
			return value, defined
		})
		first := maps.Clone(names)
		maps.Copy(first, ownNames)
		want, expected := document.Resolve(func(name string) (string, bool) {
			value, defined := first[name]
			return value, defined
		})
		if !Equal(got, want) || len(faults) != len(expected) {
			t.Errorf("%q scoped is %s, want %s; %d faults, want %d", value, got.JSON(), want.JSON(), len(faults), len(expected))
		}
		if again := scoped.Scoped("@acme/p", has); !Equal(again, scoped) {
			t.Errorf("%q scoped twice is %s, want %s", value, again.JSON(), scoped.JSON())
		}
	})
}

func FuzzFragmentsWithoutConflicts(f *testing.F) {
	for i, seed := range fuzzSeeds {
		f.Add(seed, fuzzSeeds[len(fuzzSeeds)-1-i], fuzzSeeds[(i+5)%len(fuzzSeeds)])
	}
	f.Fuzz(func(t *testing.T, base, first, second string) {
		below, _ := Parse(base)
		a, _ := Parse(first)
		b, _ := Parse(second)
		found := Conflicts(map[string]Document{"a": a, "b": b}, strings.ToUpper)
		for _, d := range found {
			if d.Plugin != "b" || !strings.HasPrefix(d.Message, "A and B set ") {
				t.Errorf("malformed conflict %+v", d)
			}
		}
		if mirrored := Conflicts(map[string]Document{"a": b, "b": a}, strings.ToUpper); len(mirrored) != len(found) {
			t.Errorf("%s and %s: %d conflicts, %d the other way round", a.JSON(), b.JSON(), len(found), len(mirrored))
		}
		if len(found) > 0 || hasNull(a.Value()) || hasNull(b.Value()) {
			return
		}
		one, other := Merge(below, a, b), Merge(below, b, a)
		if !slices.Equal(one.Canonical(), other.Canonical()) {
			t.Errorf("free of conflicts, and yet their order matters: %s or %s", one.Canonical(), other.Canonical())
		}
		if whole := LayerFragments(below, map[string]Document{"a": a, "b": b}); !slices.Equal(whole.Canonical(), one.Canonical()) {
			t.Errorf("layered they are %s, want %s", whole.Canonical(), one.Canonical())
		}
	})
}

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseList(t *testing.T) {
	t.Parallel()
	got, err := parseList(`# Argo CD
@roadiehq/argo

plain@1.2.3   # a certain version
@a/module@2.0.0-next.1 + @a/plugin + b@^1.0.0
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{subject: wanted{name: "@roadiehq/argo"}, with: []wanted{}},
		{subject: wanted{"plain", "1.2.3"}, with: []wanted{}},
		{subject: wanted{"@a/module", "2.0.0-next.1"}, with: []wanted{{name: "@a/plugin"}, {"b", "^1.0.0"}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{}, wanted{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestParseListRefusesWhatIsNoPackage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"good\ntwo words":    `line 2: "two words"`,
		"a +":                `line 1: ""`,
		"@a/b@":              `line 1: "@a/b@"`,
		"@a/b\n\n@a/b@1.0.0": "line 3: @a/b is on line 1 already",
	} {
		if _, err := parseList(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want an error with %q", text, err, want)
		}
	}
}

func TestChooseGoesByPartsOfTheSubjectsName(t *testing.T) {
	t.Parallel()
	entries, err := parseList("@a/gitlab\n@a/github\n@b/module + @a/gitlab")
	if err != nil {
		t.Fatal(err)
	}
	for only, want := range map[string]string{
		"":           "@a/gitlab @a/github @b/module",
		"git":        "@a/gitlab @a/github",
		"hub,@b/,@b": "@a/github @b/module",
	} {
		chosen, err := choose(entries, only)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range chosen {
			names = append(names, e.subject.name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q chooses %s, want %s", only, got, want)
		}
	}
	if _, err := choose(entries, "svn"); err == nil {
		t.Error("choosing nothing is no error")
	}
}

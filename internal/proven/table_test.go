package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
)

func TestTableTellsWhatBecameOfEachPackage(t *testing.T) {
	t.Parallel()
	text := table("1.55.0", results{
		{Package: "@b/plain", Version: "1.0.0", Release: "1.55.0", Booted: true, BootSeconds: 2.04, AddedMB: -3.2, InRelease: true},
		{
			Package: "@a/module", Version: "1.0.0", Release: "1.55.0", Booted: true, BootSeconds: 3, AddedMB: 12.6,
			With: []string{"@a/plugin@2.0.0"}, Config: []byte(`{"a": {"list": [], "url": "x"}, "b": [{"c": 1}]}`),
		},
		{Package: "gone", Release: "1.55.0", Reason: "404 | Not Found"},
		{Package: "@c/other", Version: "1.0.0", Release: "1.54.0", Booted: true},
	})
	_, rows, _ := strings.Cut(text, "|---|---|---|---|---|---|---|\n")
	want := "| (none) | `gone` | none | **failed** |  |  | 404 \\| Not Found |\n" +
		"| @a | `@a/module` with `@a/plugin@2.0.0` | 1.0.0 | booted | 3.0 s | +13 MB | `a.list`, `a.url`, `b[0].c` |\n" +
		"| @b | `@b/plain` | 1.0.0 | booted, in the release | 2.0 s | -3 MB |  |\n"
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if !strings.Contains(text, "Backstage 1.55.0") || !strings.Contains(text, "**2 of 3** came up, from 2 publishers") {
		t.Errorf("the summary is wrong:\n%s", text)
	}
}

func TestTheTableIsThatOfTheResults(t *testing.T) {
	t.Parallel()
	release := backstage.Default().Version
	written, err := readFile("../../" + tableFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table(release, backstage.Proven(release)), written); diff != "" {
		t.Errorf("%s is not what the results say; make proven writes it (-want +got):\n%s", tableFile, diff)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func result(name, version, release string) backstage.ProvenPackage {
	return backstage.ProvenPackage{Package: name, Version: version, Release: release, Booted: true}
}

func TestAResultReplacesTheOneBeforeOnItsRelease(t *testing.T) {
	t.Parallel()
	r := results{result("a", "1.0.0", "1.55.0"), result("c", "1.0.0", "1.55.0")}
	got := r.with(result("b", "1.0.0", "1.55.0")).with(result("a", "2.0.0", "1.55.0")).with(result("a", "2.0.0", "1.56.0"))
	want := results{
		result("a", "2.0.0", "1.55.0"), result("a", "2.0.0", "1.56.0"), result("b", "1.0.0", "1.55.0"),
		result("c", "1.0.0", "1.55.0"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if len(r) != 2 || r[0].Version != "1.0.0" {
		t.Errorf("the results before became %v", r)
	}
}

func TestWhatIsNotListedAnyMoreIsForgotten(t *testing.T) {
	t.Parallel()
	r := results{result("a", "1.0.0", "1.55.0"), result("b", "1.0.0", "1.55.0")}
	got := r.listed([]entry{{subject: wanted{name: "b"}}})
	if diff := cmp.Diff(results{r[1]}, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestOnlyWhatIsRecordedInThatVersionOnThatReleaseIsSkipped(t *testing.T) {
	t.Parallel()
	release := backstage.Release{Version: "1.55.0", Packages: []orbit.ReleasePackage{{Name: "d", Version: "1.0.0"}}}
	of := func(name, version string) resolved {
		return resolved{entry: entry{subject: wanted{name: name}}, version: version}
	}
	p := &prover{release: release, results: results{result("a", "1.0.0", "1.55.0"), result("b", "1.0.0", "1.54.0"), result("d", "1.0.0", "1.55.0")}}
	for name, c := range map[string]struct {
		r    resolved
		want bool
	}{
		"the same":                               {of("a", "1.0.0"), true},
		"another version":                        {of("a", "1.0.1"), false},
		"another release":                        {of("b", "1.0.0"), false},
		"never seen":                             {of("c", "1.0.0"), false},
		"the same, which the release has by now": {of("d", "1.0.0"), false},
	} {
		if got := p.knows(c.r); got != c.want {
			t.Errorf("%s: known is %v, want %v", name, got, c.want)
		}
	}
	p.force = true
	if p.knows(of("a", "1.0.0")) {
		t.Error("force does not prove again")
	}
}

func TestResultsComeBackFromTheirFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "results.json")
	if none, err := readResults(file); err != nil || len(none) != 0 {
		t.Fatalf("without a file there are %v, %v", none, err)
	}
	booted := result("a", "1.0.0", "1.55.0")
	booted.BootSeconds, booted.AddedMB, booted.Config = 3.25, -1.5, []byte(`{"a": "<none>"}`)
	failed := backstage.ProvenPackage{Package: "b", Release: "1.55.0", Reason: "404 Not Found"}
	if err := (results{booted, failed}).save(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"reason": ""`, `"boot_s": 3.25`, `"rss_mb": -1.5`, `"booted": false`, `"<none>"`} {
		if !strings.Contains(string(text), field) {
			t.Errorf("the file has no %s:\n%s", field, text)
		}
	}
	got, err := readResults(file)
	if err != nil {
		t.Fatal(err)
	}
	got[0].Config = booted.Config // the same, with other spaces
	if diff := cmp.Diff(results{booted, failed}, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheSummaryEndsWithTheLineThatCIReads(t *testing.T) {
	t.Parallel()
	r := newResults()
	r.add(suiteWith("TestSkipped", skipped, "    a_test.go:1: no Terraform 1.12\n"))
	b := suiteWith("TestBoot", passed, "    b_test.go:1: figure: first boot: 9.8 s\n")
	b.name = "b"
	r.add(b)

	var out strings.Builder
	if !r.conclude(&out) {
		t.Error("nothing failed, and the run is said to have failed")
	}
	want := `
skipped
  a TestSkipped   no Terraform 1.12

figures
  first boot   9.8 s

1 passed, 0 failed, 1 skipped
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestARunWithAFailureFailsAndNamesIt(t *testing.T) {
	t.Parallel()
	r := newResults()
	r.add(suiteWith("TestBad", failed, "why\n"))
	install := &suite{name: "install release"}
	install.close(failed, 0)
	r.add(install)

	var out strings.Builder
	if r.conclude(&out) {
		t.Error("the run is said to have passed")
	}
	want := `
failed
  a TestBad
  install release

0 passed, 2 failed, 0 skipped
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTheLaterResultOfASuiteCounts(t *testing.T) {
	t.Parallel()
	r := newResults()
	r.add(suiteWith("TestA", skipped, "ORBIT_TEST_BUNDLE is not set\n"))
	r.add(suiteWith("TestA", passed, ""))
	var out strings.Builder
	r.conclude(&out)
	if got, want := out.String(), "\n1 passed, 0 failed, 0 skipped\n"; got != want {
		t.Errorf("summary = %q, want %q", got, want)
	}
}

func TestARunWithoutTestsFails(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if newResults().conclude(&out) {
		t.Error("a run of nothing passed")
	}
	if !strings.HasSuffix(out.String(), "\n0 passed, 1 failed, 0 skipped\n") {
		t.Errorf("summary = %q", out.String())
	}
}

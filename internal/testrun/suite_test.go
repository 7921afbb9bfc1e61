package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func suiteWith(name string, o outcome, output string) *suite {
	s := &suite{name: "a"}
	t := s.test(name)
	t.outcome = o
	t.output.WriteString(output)
	s.close(passed, 0)
	return s
}

func TestReasonOfASkip(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"=== RUN   TestA\n    a_test.go:12: needs Terraform 1.12\n--- SKIP: TestA (0.00s)\n": "needs Terraform 1.12",
		"no socket on this machine\n":                              "no socket on this machine",
		"=== RUN   TestA\n--- SKIP: TestA (0.00s)\n":               "no reason given",
		"    a_test.go:3: first\n    a_test.go:4: then the last\n": "then the last",
	} {
		if got := suiteWith("TestA", skipped, output).tests[0].reason(); got != want {
			t.Errorf("reason of %q = %q, want %q", output, got, want)
		}
	}
}

func TestFiguresAreCollectedWhereverTheyArePrinted(t *testing.T) {
	t.Parallel()
	s := suiteWith("TestBoot", passed,
		"    boot_test.go:40: figure: first boot: 9.8 s (at most 15 s)\nfigure: RSS: 380 MB\n")
	s.output.WriteString("figure: of the package: 1\nno figure: 2\n")
	want := []string{"of the package: 1", "first boot: 9.8 s (at most 15 s)", "RSS: 380 MB"}
	if diff := cmp.Diff(want, s.figures()); diff != "" {
		t.Error(diff)
	}
}

func TestASkipForWantOfWhatTheRunProvidesIsAFailure(t *testing.T) {
	t.Parallel()
	refused := suiteWith("TestA", skipped, "    a_test.go:1: ORBIT_TEST_BUNDLE is not set\n")
	refused.refuseSkips(bundleVariable)
	if got := refused.counts(); refused.outcome != failed || got != (counts{failed: 1}) {
		t.Errorf("outcome %v, counts %+v", refused.outcome, got)
	}

	other := suiteWith("TestA", skipped, "    a_test.go:1: not on this kernel\n")
	other.refuseSkips(bundleVariable)
	if got := other.counts(); other.outcome != passed || got != (counts{skipped: 1}) {
		t.Errorf("outcome %v, counts %+v", other.outcome, got)
	}

	wholePackage := &suite{name: "a"}
	wholePackage.output.WriteString("ORBIT_TEST_BUNDLE is not set: nothing to test\n")
	wholePackage.close(passed, 0)
	wholePackage.refuseSkips(bundleVariable)
	if wholePackage.outcome != failed {
		t.Error("a package whose TestMain gave up passed")
	}
}

func TestAFailureOfTheFirstPassStands(t *testing.T) {
	t.Parallel()
	s := suiteWith("TestA", skipped, "    a_test.go:1: ORBIT_TEST_BUNDLE is not set\n")
	if !s.leftOut() {
		t.Error("a suite that skipped is not run again")
	}
	s.test("TestB").outcome = failed
	s.close(failed, 0)
	if s.leftOut() {
		t.Error("a suite that failed is run again, and might pass by chance")
	}
}

func TestAReportShowsTheOutputOfFailedTestsOnly(t *testing.T) {
	t.Parallel()
	s := suiteWith("TestGood", passed, "=== RUN   TestGood\n    a_test.go:1: quiet\n--- PASS: TestGood (0.00s)\n")
	bad := s.test("TestBad")
	bad.outcome = failed
	bad.output.WriteString("=== RUN   TestBad\n    a_test.go:2: loud\n--- FAIL: TestBad (0.00s)\n")
	s.output.WriteString("FAIL\nexit status 1\nFAIL\texample.org/m/a\t0.1s\n")
	s.close(failed, 0)

	want := strings.Join([]string{
		"", "    TestBad", "            a_test.go:2: loud", "        --- FAIL: TestBad (0.00s)",
	}, "\n")
	if diff := cmp.Diff(want, s.complaint()); diff != "" {
		t.Error(diff)
	}
	if got := suiteWith("TestGood", passed, "    a_test.go:1: quiet\n").report(); strings.Contains(got, "quiet") {
		t.Errorf("a passed suite shows its output: %s", got)
	}
}
